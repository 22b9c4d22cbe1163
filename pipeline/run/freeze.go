package run

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/stages"
)

// freeze copies the files beside the pipeline into the workspace, by digest, so
// that editing them while jobs wait changes nothing that runs.
func freeze(c *plan.Compiled) error {
	for i, f := range c.Manifest.Files {
		if f.Stage != "" {
			continue
		}
		if _, err := os.Lstat(f.From); err == nil {
			continue
		}
		if err := freezeOne(c.Stage.Files[i].From, f.From, f.Digest, f.Folder); err != nil {
			return err
		}
	}
	return nil
}

func freezeOne(from, to, digest string, folder bool) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	private, err := os.MkdirTemp(filepath.Dir(to), ".new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(private) }() // what is left of it is of no use
	copied := filepath.Join(private, "it")
	digestOf := stages.FileDigest
	if folder {
		digestOf = stages.FolderDigest
		err = os.CopyFS(copied, os.DirFS(from))
	} else {
		err = copyFile(from, copied)
	}
	if err != nil {
		return fmt.Errorf("copying %s: %w", from, err)
	}
	got, err := digestOf(copied)
	if err != nil {
		return err
	}
	if got != digest {
		return fmt.Errorf("%s changed while it was being submitted: apply again", from)
	}
	if err := os.Rename(copied, to); err != nil {
		if _, there := os.Lstat(to); there == nil {
			return nil // another apply was first with the same content
		}
		return err
	}
	return nil
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
	_, err = io.Copy(out, in)
	return err
}
