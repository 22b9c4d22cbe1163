package digest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestSum(t *testing.T) {
	dir := t.TempDir()
	for _, size := range []int{0, 1, whole - 1, whole, whole + 1, stretch, 2*stretch + 7} {
		content := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
		path := written(t, dir, content)
		sum, n, err := Sum(path)
		if err != nil || "sha256:"+sum != sumOf(content) || n != int64(size) {
			t.Errorf("%d bytes: %s, %d, %v", size, sum, n, err)
		}
	}
	if err := os.Symlink("data.bin", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if _, n, err := Sum(filepath.Join(dir, "link")); err != nil || n != 2*stretch+7 {
		t.Errorf("a link gives %d, %v", n, err)
	}
	// A file whose size the system does not tell.
	content, err := os.ReadFile("/proc/version")
	if err != nil {
		t.Fatal(err)
	}
	if sum, n, err := Sum("/proc/version"); err != nil || "sha256:"+sum != sumOf(content) || n != int64(len(content)) {
		t.Errorf("/proc/version: %s, %d, %v", sum, n, err)
	}
}

func TestSumOfWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{dir: "is a folder", pipe: "neither a file nor a folder", "/dev/null": "neither a file nor a folder"} {
		if _, _, err := Sum(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v", path, err)
		}
	}
	if _, _, err := Sum(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file gives %v", err)
	}
}
