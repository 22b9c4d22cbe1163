package conda

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	channel = "https://conda.anaconda.org/conda-forge/"
	numpy   = channel + "linux-64/numpy-1.26.4-py310hb13e2d6_0.conda"
	someMD5 = "6593de64c935768b6bad3e19b3e978be"
)

var someSHA = strings.Repeat("ab12", 16)

func TestParse(t *testing.T) {
	l, err := Parse([]byte(`# This file may be used to create an environment using:
# $ conda create --name <env> --file <this file>
# platform: linux-64
# pip is left out on purpose
@EXPLICIT
` + channel + `linux-64/_libgcc_mutex-0.1-conda_forge.tar.bz2#` + strings.ToUpper(someMD5) + "\r\n" +
		channel + `noarch/font-ttf-dejavu-sans-mono-2.37-hab24e00_0.tar.bz2#sha256:` + someSHA + `
  ` + channel + `linux-64/python-3.10.14-hd12c33a_0_cpython.conda#` + someSHA + `

https://${LAB_USER}:${LAB_PASSWORD}@conda.example.org/t/${LAB_TOKEN}/lab/linux-64/ruamel.yaml-1!0.18.6+cu12-h1_0.conda
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Package{
		{Name: "_libgcc_mutex", Version: "0.1", Build: "conda_forge", Subdir: "linux-64", File: "_libgcc_mutex-0.1-conda_forge.tar.bz2",
			URL: channel + "linux-64/_libgcc_mutex-0.1-conda_forge.tar.bz2", MD5: someMD5},
		{Name: "font-ttf-dejavu-sans-mono", Version: "2.37", Build: "hab24e00_0", Subdir: "noarch", File: "font-ttf-dejavu-sans-mono-2.37-hab24e00_0.tar.bz2",
			URL: channel + "noarch/font-ttf-dejavu-sans-mono-2.37-hab24e00_0.tar.bz2", SHA256: someSHA},
		{Name: "python", Version: "3.10.14", Build: "hd12c33a_0_cpython", Subdir: "linux-64", File: "python-3.10.14-hd12c33a_0_cpython.conda",
			URL: channel + "linux-64/python-3.10.14-hd12c33a_0_cpython.conda", SHA256: someSHA},
		{Name: "ruamel.yaml", Version: "1!0.18.6+cu12", Build: "h1_0", Subdir: "linux-64", File: "ruamel.yaml-1!0.18.6+cu12-h1_0.conda",
			URL: "https://${LAB_USER}:${LAB_PASSWORD}@conda.example.org/t/${LAB_TOKEN}/lab/linux-64/ruamel.yaml-1!0.18.6+cu12-h1_0.conda"},
	}
	if diff := cmp.Diff(want, l.Packages, cmpopts.IgnoreUnexported(Package{})); diff != "" {
		t.Errorf("packages (-want +got):\n%s", diff)
	}
	if got := strings.Join(l.Variables(), " "); got != "LAB_PASSWORD LAB_TOKEN LAB_USER" {
		t.Errorf("variables are %s", got)
	}
	if l.Python() != "3.10.14" {
		t.Errorf("python is %q", l.Python())
	}
}

func TestFaultyLists(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"empty":             {"", "no line @EXPLICIT"},
		"nothing listed":    {"@EXPLICIT\n", "lists no packages"},
		"no marker":         {numpy + "\n", "lacks the line @EXPLICIT"},
		"environment.yml":   {"name: x\nchannels:\n  - conda-forge\ndependencies:\n  - numpy\n", "conda list --explicit --md5 --name x > conda-linux-64.lock"},
		"conda-lock.yml":    {"version: 1\nmetadata:\n  content_hash: {}\npackage:\n- name: numpy\n", "conda-lock render --kind explicit"},
		"requirements":      {"numpy==2.1.0\n", "requirements = …"},
		"conda list":        {"numpy=1.26.4=py310hb13e2d6_0\n", "list of requirements"},
		"specification":     {"@EXPLICIT\nnumpy\n", "line 2: numpy asks for a package and does not name its file"},
		"pip":               {"@EXPLICIT\n" + numpy + "\n# pip flit @ https://example.org/flit.whl --hash=sha256:1\n", "line 3: flit is a package of pip's"},
		"pip's requirement": {"@EXPLICIT\nflit==3.9\n", `packages = ["flit==3.9"]`},
		"file":              {"@EXPLICIT\nfile:///opt/pkgs/linux-64/a-1-0.conda\n", "on this machine"},
		"path":              {"@EXPLICIT\n/opt/pkgs/linux-64/a-1-0.conda\n", "on this machine"},
		"relative path":     {"@EXPLICIT\n./a-1-0.conda\n", "on this machine"},
		"name":              {"@EXPLICIT\na-1-0.conda\n", "whole address"},
		"another scheme":    {"@EXPLICIT\ns3://bucket/linux-64/a-1-0.conda\n", "s3://bucket/linux-64/a-1-0.conda is not fetched"},
		"no channel":        {"@EXPLICIT\nhttps://example.org/a-1-0.conda\n", "not the address of a package in a channel"},
		"no subdir":         {"@EXPLICIT\nhttps://example.org/x/files/a-1-0.conda\n", "lies in files"},
		"wheel":             {"@EXPLICIT\n" + channel + "noarch/six-1.17.0-py3-none-any.whl\n", "no conda package"},
		"no build":          {"@EXPLICIT\n" + channel + "noarch/six-1.17.0.conda\n", "no conda package"},
		"hash":              {"@EXPLICIT\n" + numpy + "#abc\n", "neither an md5"},
		"twice":             {"@EXPLICIT\n" + numpy + "\n" + channel + "linux-64/numpy-2.0.0-h1_0.conda\n", "line 3: numpy stands on line 2 already"},
		"password":          {"@EXPLICIT\nhttps://ada:s3cr3t@example.org/c/linux-64/a-1-0.conda\n", "does not belong into a file"},
		"user":              {"@EXPLICIT\nhttps://s3cr3t@example.org/c/linux-64/a-1-0.conda\n", "does not belong into a file"},
		"half a password":   {"@EXPLICIT\nhttps://${A}s3cr3t@example.org/c/linux-64/a-1-0.conda\n", "does not belong into a file"},
		"token":             {"@EXPLICIT\nhttps://conda.example.org/t/ab-s3cr3t/c/linux-64/a-1-0.conda\n", "does not belong into a file"},
		"query":             {"@EXPLICIT\nhttps://example.org/c/linux-64/a-1-0.conda?token=s3cr3t\n", "does not belong into a file"},
		"command":           {"@EXPLICIT\nhttps://example.org/$(id)/linux-64/a-1-0.conda\n", "not the address"},
		"quote":             {"@EXPLICIT\nhttps://example.org/'/linux-64/a-1-0.conda\n", "not the address"},
		"small letters":     {"@EXPLICIT\nhttps://example.org/${token}/linux-64/a-1-0.conda\n", "in capital letters"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Parse([]byte(tt.text))
			if err == nil {
				t.Fatalf("read as %+v", l.Packages)
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("got %q, want %q in it, and no secret", err, tt.want)
			}
		})
	}
}

func TestPlatforms(t *testing.T) {
	l, err := Parse([]byte("@EXPLICIT\n" + channel + "noarch/a-1-0.conda\n" + numpy + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.CheckPlatform("linux_x86_64"); err != nil {
		t.Error(err)
	}
	if err := l.CheckPlatform("linux_aarch64"); err == nil || !strings.Contains(err.Error(), `line 3: numpy-1.26.4-py310hb13e2d6_0.conda is for linux-64, and linux-aarch64 is wanted (linux_aarch64); platform = "linux_x86_64" asks for those`) {
		t.Errorf("got %v", err)
	}
	mac, err := Parse([]byte("@EXPLICIT\n" + channel + "osx-arm64/a-1-0.conda\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := mac.CheckPlatform("linux_x86_64"); err == nil || strings.Contains(err.Error(), "platform =") {
		t.Errorf("got %v", err)
	}
}

// What is a list for pip, and nothing else, is read as one.
func TestIsList(t *testing.T) {
	for text, want := range map[string]bool{
		"@EXPLICIT\n":                              true,
		"dependencies:\n- numpy\n":                 true,
		"metadata:\n  x: 1\npackage:\n- name: a\n": true,
		"# made by hand\n" + numpy + "#" + someMD5: true,
		"":                                    false,
		"numpy==2.1.0\n-r other.txt\n":        false,
		numpy + "\nnumpy==2.1.0\n":            false,
		"https://example.org/a-1.0.tar.bz2\n": false,
		"a @ https://example.org/a-1.0-1.tar.bz2\n": false,
	} {
		if IsList([]byte(text)) != want {
			t.Errorf("IsList(%q) is %v", text, !want)
		}
	}
}

// A lock file may come from anywhere.
func TestCheckLocked(t *testing.T) {
	l, err := Parse([]byte("@EXPLICIT\n" + numpy + "#" + someSHA + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	good := l.lock("linux_x86_64").Packages[0]
	if err := CheckLocked(good); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(l.Packages, Locked(l.lock("linux_x86_64")).Packages, cmpopts.IgnoreUnexported(Package{})); diff != "" {
		t.Errorf("through the lock (-want +got):\n%s", diff)
	}
	for name, url := range map[string]string{
		"another file":   channel + "linux-64/numpy-1.26.4-py310hb13e2d6_1.conda",
		"another name":   channel + "linux-64/evil-1.26.4-py310hb13e2d6_0.conda",
		"a hash":         good.URL + "#" + someMD5,
		"a second line":  good.URL + "\nhttps://example.org/linux-64/x-1-0.conda",
		"this machine's": "file:///opt/linux-64/numpy-1.26.4-py310hb13e2d6_0.conda",
		"a way out":      channel + "../../etc/numpy-1.26.4-py310hb13e2d6_0.conda",
	} {
		bad := good
		bad.URL = url
		if CheckLocked(bad) == nil {
			t.Errorf("%s: %q was taken", name, url)
		}
	}
}
