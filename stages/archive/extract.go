package archive

import (
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// ErrFormat says that a file is no archive of a kind that is known.
var ErrFormat = errors.New("it is neither a tar file (plain, or packed with gzip or bzip2) nor a zip file")

// Extract unpacks the archive file into the folder dest, which it makes; the files
// in it are read-only. What kind of archive it is shows in its first bytes. One with
// an entry that leads out of the folder is refused; what was unpacked before that
// entry is left.
func Extract(ctx context.Context, file, dest string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.Mkdir(dest, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dest)
	if err != nil {
		return err
	}
	defer root.Close()
	x := &extraction{ctx: ctx, root: root}
	return x.whole(f)
}

// extraction is one archive on its way into a folder. Through an os.Root no path
// leaves that folder, not even by a link that was unpacked before.
type extraction struct {
	ctx  context.Context
	root *os.Root
}

func (x *extraction) whole(f *os.File) error {
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	head = head[:n]
	in := bufio.NewReaderSize(f, 1<<20)
	switch {
	case has(head, "PK\x03\x04"), has(head, "PK\x05\x06"):
		return x.zip(f)
	case has(head, "\x1f\x8b"):
		packed, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("unpacking gzip: %w", err)
		}
		return x.packedTar(packed)
	case has(head, "BZh"):
		return x.packedTar(bzip2.NewReader(in))
	case isTar(head):
		return x.tar(in)
	}
	return ErrFormat
}

func has(head []byte, magic string) bool { return strings.HasPrefix(string(head), magic) }

// isTar looks for the mark of POSIX and GNU tar (tar(5)).
func isTar(head []byte) bool { return len(head) == 512 && string(head[257:262]) == "ustar" }

func (x *extraction) packedTar(packed io.Reader) error {
	in := bufio.NewReaderSize(packed, 1<<20)
	head, err := in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("unpacking: %w", err)
	}
	if !isTar(head) {
		return ErrFormat
	}
	return x.tar(in)
}

// inside is an entry's name as a path in the folder. One that leads out is refused,
// not skipped: who made such an archive meant harm, or something else.
func inside(name string) (string, error) {
	clean := path.Clean(name)
	if name == "" || strings.ContainsRune(name, 0) || path.IsAbs(name) || clean == ".." || strings.HasPrefix(clean, "../") {
		return "", fmt.Errorf("its entry %q leads out of the folder", name)
	}
	return clean, nil
}

// folder makes a folder and those above it.
func (x *extraction) folder(name string) error { return x.root.MkdirAll(name, 0o755) }

// clear makes room for an entry: the last one of a name counts, as with tar.
func (x *extraction) clear(name string) error {
	if err := x.folder(path.Dir(name)); err != nil {
		return err
	}
	if info, err := x.root.Lstat(name); err != nil || info.IsDir() {
		return nil // nothing is there, or what cannot be replaced by a file
	}
	return x.root.Remove(name)
}

func (x *extraction) file(name string, mode fs.FileMode, content io.Reader) error {
	if err := x.clear(name); err != nil {
		return err
	}
	perm := fs.FileMode(0o444) // shared by all who read it
	if mode&0o100 != 0 {
		perm = 0o555
	}
	f, err := x.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, reader{x.ctx, content}, make([]byte, 1<<20))
	return errors.Join(err, f.Close())
}

// link makes a symbolic link that stays in the folder.
func (x *extraction) link(name, target string) error {
	if path.IsAbs(target) {
		return fmt.Errorf("its link %q leads out of the folder, to %q", name, target)
	}
	if _, err := inside(path.Join(path.Dir(name), target)); err != nil || target == "" {
		return fmt.Errorf("its link %q leads out of the folder, to %q", name, target)
	}
	if err := x.clear(name); err != nil {
		return err
	}
	return x.root.Symlink(target, name)
}

// settled refuses links that lead out by way of another link, as a/b does where b
// is a link to .. and a to b/b: the text of each stays inside.
func (x *extraction) settled() error {
	return fs.WalkDir(x.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.Type() != fs.ModeSymlink {
			return err
		}
		if _, err := x.root.Stat(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("its link %q cannot be followed within the folder: %w", name, err)
		}
		return nil
	})
}

// reader ends with the context.
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
