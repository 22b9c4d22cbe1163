package lock

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/stages/python"
)

var sha1, sha2 = "sha256:" + strings.Repeat("1a", 32), "sha256:" + strings.Repeat("2b", 32)

func TestEnvironmentsGoThroughTheFile(t *testing.T) {
	asked := python.Asked{Packages: []string{"torch"}, Python: "3.10", Platform: "linux_x86_64"}
	other := python.Asked{Packages: []string{"torch"}, Python: "3.11", Platform: "linux_x86_64"}
	lock := &python.Lock{Python: "3.10", Platform: "linux_x86_64", Packages: []python.Package{
		{Name: "six", Version: "1.17.0", URL: "https://files.example/six-1.17.0-py3-none-any.whl", Files: map[string]string{"six-1.17.0-py3-none-any.whl": sha1}},
		{Name: "torch", Version: "2.6.0+cu124", Files: map[string]string{
			"torch-2.6.0+cu124-cp310-cp310-linux_x86_64.whl": sha2, "torch-2.6.0+cu124-cp310-cp310-manylinux_2_28_x86_64.whl": sha1}},
	}}
	f := &File{environments: map[string]*python.Lock{asked.Digest(): lock, other.Digest(): {Python: "3.11", Platform: "linux_x86_64"}}}
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
		t.Errorf("lock (-want +got):\n%s", diff)
	}
	if _, ok := again.Packages(python.Asked{Packages: []string{"torch"}, Platform: "linux_x86_64"}); ok {
		t.Error("what was never asked for is locked")
	}
}

func TestDamagedEnvironmentsAreRefused(t *testing.T) {
	const whole = `version = 1
environment "ASKED" {
  python   = "3.10"
  platform = "linux_x86_64"
  package "a" {
    version = "1.0"
    files = {
      "a-1.0-py3-none-any.whl" = "DIGEST"
    }
  }
  package "b" {
    version = "1.0"
    url     = "https://example.org/b-1.0.whl"
    files = {
      "b-1.0.whl" = "DIGEST"
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
	for _, tt := range []struct{ old, new, want string }{
		{`"ASKED"`, `"numpy"`, "digest"},
		{`"3.10"`, `"3"`, "python must be"},
		{`"linux_x86_64"`, `"linux x86"`, "platform must be"},
		{`  python   = "3.10"` + "\n", "", "python"},
		{`package "b"`, `package "a"`, "order"},
		{`package "a"`, `package "A.b"`, "name"},
		{`"1.0"`, `"1.0 --hash=x"`, "version must be"},
		{`"1.0"`, `"1.0\n-e ."`, "version must be"},
		{`https://`, `https://me:secret@`, "url must be"},
		{`"DIGEST"`, `"md5:abc"`, "digest"},
		{`"a-1.0-py3-none-any.whl" = "DIGEST"`, "", "one at least"},
		{`"a-1.0-py3`, `"../a-1.0-py3`, "digest"},
		{`  platform`, `  color = 1` + "\n" + `  platform`, "color"},
		{`package "b" {`, `package "b" {` + "\n" + `hashes = []`, "hashes"},
	} {
		text := strings.Replace(whole, tt.old, tt.new, 1)
		if fault, wrong := read(text); !wrong || !strings.Contains(fault, tt.want) {
			t.Errorf("%s → %s: %q, want %q in it", tt.old, tt.new, fault, tt.want)
		}
	}
	if _, wrong := read(whole + strings.TrimPrefix(whole, "version = 1")); !wrong {
		t.Error("the same environment twice was read")
	}
}
