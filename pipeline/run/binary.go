package run

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/runpipe/runpipe/pipeline/workspace"
)

// InstallBinary puts a copy of this program into the workspace, under its own
// digest, and returns the path: an upgrade never changes what a queued job
// executes.
func InstallBinary(w *workspace.Workspace, program string) (string, error) {
	path, err := BinaryPath(w, program)
	if err != nil {
		return "", fmt.Errorf("copying runpipe into the workspace: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&0o100 != 0 {
		return path, nil // it only ever gets this name whole
	}
	if err := copyBinary(program, path); err != nil {
		return "", fmt.Errorf("copying runpipe into the workspace: %w", err)
	}
	return path, nil
}

// BinaryPath is where the copy of this program is in the workspace, or would be.
func BinaryPath(w *workspace.Workspace, program string) (string, error) {
	digest, err := sha256Of(program)
	if err != nil {
		return "", err
	}
	return filepath.Join(w.Bin(), "runpipe-"+digest), nil
}

func copyBinary(program, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	private, err := os.MkdirTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(private) }() // empty once the copy has its name
	copied := filepath.Join(private, "runpipe")
	if err := copyFile(program, copied); err != nil {
		return err
	}
	if err := os.Chmod(copied, 0o500); err != nil {
		return err
	}
	return os.Rename(copied, path)
}

func sha256Of(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
