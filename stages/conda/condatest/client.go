package condatest

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

//go:embed client.py
var clientScript []byte

// Client is a folder that holds a client by this name, and nothing else, to be put
// on a PATH. No client of conda's is in a package index of Python's; py-rattler is,
// the library under some of them. The client is a thin command line over it: what
// it installs are real packages, as any client would. Where it cannot be fetched,
// the test is skipped, unless all parts are required.
func Client(t testing.TB, name string) string {
	t.Helper()
	library, err := rattler()
	if err != nil {
		if os.Getenv(slurmtest.Required) == "required" {
			t.Fatalf("a client for conda packages is required: %v", err)
		}
		t.Skipf("no client for conda packages: %v", err)
	}
	python, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output()
	if err != nil {
		t.Fatalf("asking python3 where it is: %v", err)
	}
	bin, script := t.TempDir(), filepath.Join(t.TempDir(), "client.py")
	if err := os.WriteFile(script, clientScript, 0o600); err != nil {
		t.Fatal(err)
	}
	// The library has crashed once in some hundred calls (SIGSEGV): that is tried again.
	text := fmt.Sprintf("#!/bin/sh\nfor try in 1 2 3; do\n  PYTHONPATH=%s %s %s \"$@\"\n  status=$?\n  [ $status -eq 139 ] || break\ndone\nexit $status\n",
		slurm.Quote(library), slurm.Quote(strings.TrimSpace(string(python))), slurm.Quote(script))
	if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return bin
}

// rattler is the folder of the library, which pip fetches once.
var rattler = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding a place for py-rattler: %w", err)
	}
	target := filepath.Join(cache, "runpipe-test-rattler")
	if _, err := os.Stat(filepath.Join(target, "rattler")); err == nil {
		return target, nil
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", fmt.Errorf("finding a place for py-rattler: %w", err)
	}
	private, err := os.MkdirTemp(cache, "runpipe-test-rattler-")
	if err != nil {
		return "", fmt.Errorf("finding a place for py-rattler: %w", err)
	}
	defer os.RemoveAll(private)
	pip := exec.Command("python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:",
		"--target", filepath.Join(private, "rattler"), "py-rattler==0.28.0")
	if out, err := pip.CombinedOutput(); err != nil {
		return "", fmt.Errorf("installing py-rattler: %w\n%s", err, out)
	}
	// Tests of several packages may do this at once: whoever is first wins.
	if err := os.Rename(filepath.Join(private, "rattler"), target); err != nil && !os.IsExist(err) {
		if _, there := os.Stat(filepath.Join(target, "rattler")); there != nil {
			return "", fmt.Errorf("installing py-rattler: %w", err)
		}
	}
	return target, nil
})
