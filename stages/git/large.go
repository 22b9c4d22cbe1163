package git

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"golang.org/x/sys/unix"
)

// writeLarge puts a file that Git LFS keeps into a folder of a checkout: by a link, by
// sharing blocks, or by copying, whichever is possible first. Of what is not there the
// error wraps fs.ErrNotExist. Verify compares the digest.
func writeLarge(ctx context.Context, folder *os.Root, large string, e entry) error {
	from := filepath.Join(large, e.oid)
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("its content, sha256 %s in Git LFS, is not in %s: %w", e.oid, large, err)
	}
	name := path.Base(e.path)
	mode := fs.FileMode(0o644)
	if e.mode == filemode.Executable { // the object itself is executable for nobody
		mode = 0o755
	} else if linkInto(from, folder, name) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := folder.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if unix.IoctlFileClone(int(out.Fd()), int(in.Fd())) != nil {
		_, err = io.Copy(out, reader{ctx, in})
	}
	return errors.Join(err, out.Close())
}

// linkInto makes a hard link in an open folder, which no path can lead out of.
func linkInto(from string, folder *os.Root, name string) error {
	at, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer at.Close()
	return unix.Linkat(unix.AT_FDCWD, from, int(at.Fd()), name, 0)
}

// reader ends with its context.
type reader struct {
	ctx  context.Context
	from io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.from.Read(p)
}

// sumOf is the sha256 of what can be read, in hex; "" if it cannot be read to its end.
func sumOf(content io.Reader) string {
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}
