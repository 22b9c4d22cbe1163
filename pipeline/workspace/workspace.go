// Package workspace is the .runpipe folder: where things are in it, and how a
// file is written there so that no reader ever sees half of it.
package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/google/renameio/v2"
	"github.com/runpipe/runpipe/stages"
)

// Name is the folder's name.
const Name = ".runpipe"

// Workspace is an existing .runpipe folder.
type Workspace struct {
	Root string // absolute, symbolic links resolved
}

// Find returns the path of the workspace for dir, whether or not it exists yet:
// the nearest .runpipe in dir or above it, else .runpipe in dir itself.
func Find(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("finding the workspace: %w", err)
	}
	for d := dir; ; d = filepath.Dir(d) {
		if info, err := os.Stat(filepath.Join(d, Name)); err == nil && info.IsDir() {
			return filepath.Join(d, Name), nil
		}
		if d == filepath.Dir(d) {
			return filepath.Join(dir, Name), nil
		}
	}
}

// Open opens the workspace at root, which must exist.
func Open(root string) (*Workspace, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("opening the workspace: %w", err)
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNone
		}
		return nil, fmt.Errorf("opening the workspace: %w", err)
	}
	return &Workspace{Root: root}, nil
}

// ErrNone says that nothing was ever applied here.
var ErrNone = errors.New("there is no workspace here yet: nothing was applied in this folder or above it")

// Create opens the workspace at root and makes it if need be. It is private
// (0700), and git ignores it.
func Create(root string) (*Workspace, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("making the workspace: %w", err)
	}
	w, err := Open(root)
	if err != nil {
		return nil, err
	}
	ignore := filepath.Join(w.Root, ".gitignore")
	if _, err := os.Lstat(ignore); errors.Is(err, fs.ErrNotExist) {
		if err := WriteFile(ignore, []byte("*\n"), 0o600); err != nil {
			return nil, fmt.Errorf("making the workspace: %w", err)
		}
	}
	return w, nil
}

// Repos is the folder of the bare repositories.
func (w *Workspace) Repos() string { return filepath.Join(w.Root, "repos") }

// Bin is the folder of the copies of runpipe that jobs execute.
func (w *Workspace) Bin() string { return filepath.Join(w.Root, "bin") }

// Environments is where virtual environments are built, each at a path that is
// never used twice: a venv breaks when it is moved.
func (w *Workspace) Environments() string { return filepath.Join(w.Root, "envs") }

// Packages is where the files of locked packages are fetched to, by digest, for
// compute nodes without internet.
func (w *Workspace) Packages() string { return filepath.Join(w.Root, "packages") }

// Files is where files beside a pipeline are frozen, by digest, when it is applied.
func (w *Workspace) Files() string { return filepath.Join(w.Root, "files") }

// Data is where downloaded files are kept, each named by its sha256.
func (w *Workspace) Data() string { return filepath.Join(w.Root, "data") }

// Digests is where the digests of large files are remembered.
func (w *Workspace) Digests() string { return filepath.Join(w.Root, "digests") }

// Store is the folder of all finished stages.
func (w *Workspace) Store() string { return filepath.Join(w.Root, "store") }

// Finished is the folder of the finished stage with this key.
func (w *Workspace) Finished(key string) string { return filepath.Join(w.Store(), key) }

// Output is where an output of the stage with this key is, or will be.
func (w *Workspace) Output(key, path string) string {
	return filepath.Join(w.Finished(key), "outputs", filepath.FromSlash(path))
}

// Runs is the folder of all runs.
func (w *Workspace) Runs() string { return filepath.Join(w.Root, "runs") }

// Run is the folder of one run.
func (w *Workspace) Run(id string) string { return filepath.Join(w.Runs(), id) }

// Stage is the folder of one stage of one run.
func (w *Workspace) Stage(run string, a stages.Address) string {
	return filepath.Join(w.Run(run), "stages", filepath.FromSlash(a.Path()))
}

// Attempt is the folder of a stage's attempt, given the stage's folder.
func Attempt(stageDir string, n int) string {
	return filepath.Join(stageDir, "attempt-"+strconv.Itoa(n))
}

// WriteFile writes a file whole: to a temporary file beside it, fsynced, renamed.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return renameio.WriteFile(path, data, perm, renameio.WithStaticPermissions(perm))
}

// WriteJSON writes v as indented JSON, whole, for its owner only.
func WriteJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding %s: %w", filepath.Base(path), err)
	}
	if err := WriteFile(path, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", path, withoutPath(err))
	}
	return nil
}

// withoutPath is why something could not be done to a file, without the name of
// the temporary one that the reader has never heard of.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// VersionError says that a file was written by another runpipe than this one,
// which must not touch it: it holds what this one does not know.
type VersionError struct {
	Path       string
	Has, Reads int
}

// Error names the file, and says what to do.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%s has version %d, and this runpipe reads version %d: use the runpipe that wrote it", e.Path, e.Has, e.Reads)
}

// ReadJSON reads a file that WriteJSON wrote. version is what v's Version field
// must come out as, else the error is a *VersionError.
func ReadJSON(path string, v any, version int) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("%s is damaged: %w", path, err)
	}
	if head.Version != version {
		return &VersionError{path, head.Version, version}
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s is damaged: %w", path, err)
	}
	return nil
}
