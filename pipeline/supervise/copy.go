package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// copyTree copies the file or folder at source to the name at in root, where
// nothing is yet. Modes are kept, but that the owner may write: what comes from
// the store is read-only there. Symbolic links are copied as they are, but for
// source itself. No path leads out of root.
func copyTree(ctx context.Context, source string, root *os.Root, at string) error {
	source, err := filepath.EvalSymlinks(source)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0)) // as much for the file server's sake as for ours
	walk := func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		return copyEntry(group, path, d, root, filepath.Join(at, relative))
	}
	return errors.Join(filepath.WalkDir(source, walk), group.Wait())
}

func copyEntry(group *errgroup.Group, path string, d fs.DirEntry, root *os.Root, to string) error {
	switch d.Type() {
	case fs.ModeDir:
		if to == "." {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return root.Mkdir(to, info.Mode().Perm()|0o700)
	case fs.ModeSymlink:
		text, err := os.Readlink(path)
		if err != nil {
			return err
		}
		return root.Symlink(text, to)
	case 0:
		group.Go(func() error { return copyFile(path, root, to) })
		return nil
	}
	return fmt.Errorf("%s is neither a file nor a folder (%s)", path, d.Type())
}

// copyFile shares the blocks of both files where the file system can (Btrfs,
// XFS), and otherwise has the kernel copy them.
func copyFile(path string, root *os.Root, to string) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := root.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if info.Size() == 0 || unix.IoctlFileClone(int(out.Fd()), int(in.Fd())) == nil {
		return nil
	}
	_, err = io.Copy(out, in) // copy_file_range(2) where it works
	return err
}
