package lock

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/stages/python"
)

func TestCondaEnvironmentsGoThroughTheFile(t *testing.T) {
	asked := python.Asked{Conda: sha1, Platform: "linux_x86_64"}
	lock := &python.Lock{Manager: python.Conda, Python: "3.10", Platform: "linux_x86_64", Packages: []python.Package{
		{Name: "zlib", Version: "1.3", Build: "h1_0", URL: "https://c.example/linux-64/zlib-1.3-h1_0.conda", Files: map[string]string{"zlib-1.3-h1_0.conda": sha1}},
		{Name: "_mutex", Version: "0.1", Build: "main", URL: "https://${USER}@c.example/t/${TOKEN}/linux-64/_mutex-0.1-main.tar.bz2", Files: map[string]string{"_mutex-0.1-main.tar.bz2": sha2}},
	}}
	f := &File{environments: map[string]*python.Lock{asked.Digest(): lock}}
	path := filepath.Join(t.TempDir(), "p.lock.hcl")
	if err := f.Write(path); err != nil {
		t.Fatal(err)
	}
	again, diags := Read(path)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	got, ok := again.Packages(asked)
	if diff := cmp.Diff(lock, got); !ok || diff != "" {
		t.Errorf("lock, in the order of installation (-want +got):\n%s", diff)
	}
}

func TestDamagedCondaEnvironmentsAreRefused(t *testing.T) {
	const whole = `version = 1
environment "ASKED" {
  manager  = "conda"
  platform = "linux_x86_64"
  package "b" {
    version = "1.0"
    build   = "0"
    url     = "https://c.example/noarch/b-1.0-0.conda"
    files = {
      "b-1.0-0.conda" = "DIGEST"
    }
  }
}
`
	read := func(text string) (string, bool) {
		path := filepath.Join(t.TempDir(), "p.lock.hcl")
		if err := os.WriteFile(path, []byte(strings.NewReplacer("ASKED", sha1, "DIGEST", sha2).Replace(text)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, diags := Read(path)
		return diags.Error(), diags.HasErrors()
	}
	if fault, wrong := read(whole); wrong {
		t.Fatal(fault)
	}
	block := whole[strings.Index(whole, `  package "b"`) : len(whole)-2]
	for _, tt := range []struct{ old, new, want string }{
		{`"conda"`, `"apt"`, "manager must be"},
		{`manager  = "conda"`, ``, "python is missing"},
		{`"DIGEST"`, `"md5:abc"`, "digest"},
		{`    build   = "0"` + "\n", ``, "build"},
		{`version = "1.0"`, `version = "1.1"`, "is not what name, version, build and files say"},
		{`package "b"`, `package "c"`, "is not what name, version, build and files say"},
		{`"b-1.0-0.conda" =`, `"b-1.0-1.conda" =`, "is not what name, version, build and files say"},
		{`https://`, `https://me:secret@`, "password"},
		{`.conda"` + "\n", `.conda\n/etc/passwd"` + "\n", "not the address"},
		{`https://c.example`, `file:///opt`, "on this machine"},
		{block, block + block, "once"},
		{block, ``, "has packages"},
	} {
		text := strings.Replace(whole, tt.old, tt.new, 1)
		if fault, wrong := read(text); !wrong || !strings.Contains(fault, tt.want) {
			t.Errorf("%s → %s: %q, want %q in it", tt.old, tt.new, fault, tt.want)
		}
	}
}
