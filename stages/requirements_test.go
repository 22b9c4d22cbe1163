package stages

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func requirementsIn(files map[string]string) func(string) ([]byte, error) {
	folder := fstest.MapFS{}
	for name, content := range files {
		folder[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return func(path string) ([]byte, error) { return fs.ReadFile(folder, path) }
}

func TestReadRequirementsFollowsIncludes(t *testing.T) {
	files := map[string]string{
		"req/main.txt":       "\ufeffnumpy==2.1.0  # fast\r\n-r ../base.txt\n--constraint=limits/c.txt\n-rmore.txt\ntorch==2.4.0 \\\n    --hash=sha256:abc\n--extra-index-url https://download.example/whl\n",
		"base.txt":           "-r req/main.txt\npandas\n",
		"req/limits/c.txt":   "numpy<3\n",
		"req/more.txt":       "tool @ https://github.com/me/tool/releases/tool-1.0-py3-none-any.whl\n",
		"req/not-needed.txt": "x",
	}
	r, err := ReadRequirements(requirementsIn(files), "req/main.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Files) != 4 || r.Path != "req/main.txt" || !strings.HasPrefix(r.Digest, "sha256:") {
		t.Errorf("got path %q, digest %q and %d files", r.Path, r.Digest, len(r.Files))
	}
	again, _ := ReadRequirements(requirementsIn(files), "./req/main.txt")
	if again.Digest != r.Digest {
		t.Error("the same files give two digests")
	}
	files["req/limits/c.txt"] = "numpy<4\n"
	if changed, _ := ReadRequirements(requirementsIn(files), "req/main.txt"); changed.Digest == r.Digest {
		t.Error("a changed include leaves the digest as it was")
	}
}

func TestReadRequirementsRefuses(t *testing.T) {
	for content, want := range map[string]string{
		"numpy\n-e .\n":                     "requirements.txt:2: an editable install",
		"--editable=git+https://x/y\n":      "an editable install",
		"tool[x] @ git+https://x/y@0123\n":  "no installer can check the hash",
		"git+ssh://git@x/y\n":               "no installer can check the hash",
		"./lib\n":                           "a local path",
		"tool @ file:///home/me/tool\n":     "a local path",
		"tool @ ../tool\n":                  "a local path",
		"wheels/tool-1.0-py3-none.whl\n":    "a local path",
		"tool @ https://x/${T}/t-1.whl\n":   "would come to stand in the lock file",
		"-r ../../etc/passwd\n":             "outside of the folder",
		"-r /etc/passwd\n":                  "outside of the folder",
		"-r https://example.org/r.txt\n":    "can change at any time",
		"-r gone.txt\n":                     "included at requirements.txt:1: reading gone.txt",
		"--find-links /opt/wheels\n":        "a folder of packages",
		"numpy\n\xff\n":                     "not text in UTF-8",
		"ok\n\\\n\n # c\n-r \\\n  no.txt\n": "included at requirements.txt:5",
	} {
		_, err := ReadRequirements(requirementsIn(map[string]string{"requirements.txt": content}), "requirements.txt")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", content, err, want)
		}
	}
	if _, err := ReadRequirements(requirementsIn(nil), "../r.txt"); err == nil {
		t.Error("a path that leads out is read")
	}
}
