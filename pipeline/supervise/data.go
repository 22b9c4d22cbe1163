package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/archive"
)

// DataOptions is what a data stage's script asks for.
type DataOptions struct {
	From    string // the file; with List the folder of files by their sha256
	SHA256  string // that it must have, 64 hex digits; with List that of the list
	List    string // path of the list (stages.Contents) of what Dest is to hold; or ""
	Extract bool   // it is an archive, to be unpacked into the folder Dest
	Link    bool   // From is the workspace's own: a link to it will do
	Dest    string // what does not exist yet
	Out     io.Writer
}

// Data puts a data stage's file in place, and makes sure that it is what was pinned
// when the run was submitted: what is published is what was digested.
func Data(ctx context.Context, o DataOptions) error {
	if o.List != "" {
		return o.assemble(ctx)
	}
	if _, err := os.Stat(o.From); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s does not exist on this node: it was removed since the run was submitted, or lies on a file system that only the submitting machine has", o.From)
	}
	if o.Extract {
		return o.unpack(ctx)
	}
	if err := o.place(); err != nil {
		return fmt.Errorf("copying %s: %w", o.From, err)
	}
	return o.verify(o.Dest)
}

func (o DataOptions) unpack(ctx context.Context) error {
	if err := o.verify(o.From); err != nil {
		return err
	}
	if err := archive.Extract(ctx, o.From, o.Dest); err != nil {
		return fmt.Errorf("unpacking %s: %w", o.From, err)
	}
	fmt.Fprintf(o.Out, "unpacked %s\n", o.From)
	return nil
}

// verify compares the digest of the file at path.
func (o DataOptions) verify(path string) error {
	got, err := stages.FileDigest(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", o.From, err)
	}
	if got != "sha256:"+o.SHA256 {
		return drift("%s has the sha256 %s where %s was pinned: the file was changed", o.From, got[len("sha256:"):], o.SHA256)
	}
	fmt.Fprintf(o.Out, "%s has the sha256 %s\n", o.From, o.SHA256)
	return nil
}

// place makes Dest by a link, by sharing blocks (FICLONE, ioctl_ficlonerange(2)),
// or by copying, whichever is possible first.
func (o DataOptions) place() error {
	if o.Link && os.Link(o.From, o.Dest) == nil {
		return nil
	}
	from, err := os.Open(o.From)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(o.Dest, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if unix.IoctlFileClone(int(to.Fd()), int(from.Fd())) != nil {
		_, err = io.Copy(to, from)
	}
	return errors.Join(err, to.Chmod(0o444), to.Close())
}
