package run

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/digest"
)

// freeze copies the files beside the pipeline into the workspace, by digest, so
// that editing them while jobs wait changes nothing that runs. What was frozen before,
// and is large, is not read again while it is unchanged.
func freeze(c *plan.Compiled, known *digest.Cache) error {
	for i, f := range c.Manifest.Files {
		if f.Stage != "" {
			continue
		}
		if got, err := stages.DigestBy(f.From, known.File); err == nil && got == f.Digest {
			continue
		}
		if err := freezeOne(c.Stage.Files[i].From, f.From, f.Digest, f.Folder); err != nil {
			return err
		}
	}
	return nil
}

// frozenWhole reports whether a file that was frozen is what it has to be: a crash or a
// hand may have damaged it since.
func frozenWhole(path, want string, folder bool) bool {
	got, err := digestOf(folder)(path)
	return err == nil && got == want
}

func digestOf(folder bool) func(path string) (string, error) {
	if folder {
		return stages.FolderDigest
	}
	return stages.FileDigest
}

func freezeOne(from, to, want string, folder bool) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	private, err := os.MkdirTemp(filepath.Dir(to), ".new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(private) }() // what is left of it is of no use
	copied := filepath.Join(private, "it")
	if folder {
		err = os.CopyFS(copied, os.DirFS(from))
	} else {
		err = copyFile(from, copied)
	}
	if err != nil {
		return fmt.Errorf("copying %s: %w", from, err)
	}
	if !frozenWhole(copied, want, folder) {
		return fmt.Errorf("%s changed while it was being submitted: apply again", from)
	}
	return exchange(copied, to, want, folder)
}

// exchange gives a copy its place, unless another apply was first; what is
// damaged there makes way.
func exchange(copied, to, want string, folder bool) error {
	for {
		err := os.Rename(copied, to)
		if err == nil || frozenWhole(to, want, folder) {
			return nil
		}
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, unix.ENOTEMPTY) {
			return err
		}
		if err := os.Rename(to, copied+"-damaged"); err != nil {
			return err
		}
	}
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm()|0o600)
	if err != nil {
		return err
	}
	defer func() {
		if e := out.Close(); err == nil {
			err = e
		}
	}()
	if _, err = io.Copy(out, in); err != nil {
		return err
	}
	return out.Sync() // its name, once it has one, vouches for its content
}
