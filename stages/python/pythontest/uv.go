package pythontest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// UV is a folder that holds uv, and nothing else, to be put on a PATH. Where uv
// is not installed, pip fetches it, once for all tests of a package.
func UV(t testing.TB) string {
	t.Helper()
	path, err := installed()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(path, filepath.Join(bin, "uv")); err != nil {
		t.Fatal(err)
	}
	return bin
}

var installed = sync.OnceValues(func() (string, error) {
	if path, err := exec.LookPath("uv"); err == nil {
		return path, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a place for uv: %w", err)
	}
	target := filepath.Join(cache, "runpipe-test-uv")
	path := filepath.Join(target, "bin", "uv")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", fmt.Errorf("finding a place for uv: %w", err)
	}
	private, err := os.MkdirTemp(cache, "runpipe-test-uv-")
	if err != nil {
		return "", fmt.Errorf("finding a place for uv: %w", err)
	}
	defer os.RemoveAll(private)
	pip := exec.Command("python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:",
		"--target", filepath.Join(private, "uv"), "uv>=0.8")
	if out, err := pip.CombinedOutput(); err != nil {
		return "", fmt.Errorf("installing uv: %w\n%s", err, out)
	}
	// Tests of several packages may do this at once: whoever is first wins.
	if err := os.Rename(filepath.Join(private, "uv"), target); err != nil && !os.IsExist(err) {
		if _, there := os.Stat(path); there != nil {
			return "", fmt.Errorf("installing uv: %w", err)
		}
	}
	return path, nil
})
