package stages_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/runpipe/runpipe/stages"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, content := range files {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func folderDigest(t *testing.T, path string) string {
	t.Helper()
	d, err := stages.FolderDigest(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFileDigestIsTheSha256OfTheBytes(t *testing.T) {
	root := folder(t, map[string]string{"a": "hello\n"})
	got, err := stages.FileDigest(filepath.Join(root, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"; got != want {
		t.Errorf("got %s, want %s (as sha256sum prints it)", got, want)
	}
}

func TestFolderDigestSeesWhatGitWouldSee(t *testing.T) {
	files := map[string]string{"a": "1", "b/c": "2"}
	root := folder(t, files)
	same := folderDigest(t, root)
	if other := folderDigest(t, folder(t, files)); other != same {
		t.Errorf("equal folders differ: %s and %s", same, other)
	}
	if err := os.MkdirAll(filepath.Join(root, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := folderDigest(t, root); got != same {
		t.Error("an empty folder changed the digest")
	}
	changes := map[string]func(root string) error{
		"content": func(r string) error { return os.WriteFile(filepath.Join(r, "a"), []byte("3"), 0o644) },
		"x-bit":   func(r string) error { return os.Chmod(filepath.Join(r, "a"), 0o755) },
		"name":    func(r string) error { return os.Rename(filepath.Join(r, "a"), filepath.Join(r, "z")) },
		"link":    func(r string) error { return os.Symlink("a", filepath.Join(r, "l")) },
	}
	for name, change := range changes {
		root := folder(t, files)
		if err := change(root); err != nil {
			t.Fatal(err)
		}
		if folderDigest(t, root) == same {
			t.Errorf("a changed %s left the digest alone", name)
		}
	}
}

func TestContentOfCountsFilesAndBytes(t *testing.T) {
	root := folder(t, map[string]string{"a": "12", "b/c": "345"})
	c, err := stages.ContentOf(root)
	if err != nil {
		t.Fatal(err)
	}
	if c.Files != 2 || c.Size != 5 || c.Digest != folderDigest(t, root) {
		t.Errorf("got %+v, want 2 files of 5 bytes", c)
	}
}

func TestAPipeIsNotReadForEver(t *testing.T) {
	root := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := stages.FolderDigest(root)
	if err == nil || !strings.Contains(err.Error(), "neither a file nor a folder") {
		t.Errorf("got %v", err)
	}
}

// A folder is digested by whoever remembers its files.
func TestDigestBy(t *testing.T) {
	root := folder(t, map[string]string{"a": "1", "b/c": "2"})
	var asked []string
	var mu sync.Mutex
	by := func(path string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, filepath.Base(path))
		return stages.FileDigest(path)
	}
	got, err := stages.DigestBy(root, by)
	if err != nil || got != folderDigest(t, root) || len(asked) != 2 {
		t.Errorf("%s, %v; asked for %v", got, err, asked)
	}
	if got, err := stages.DigestBy(filepath.Join(root, "a"), by); err != nil || len(asked) != 3 || got == "" {
		t.Errorf("%s, %v; asked for %v", got, err, asked)
	}
}
