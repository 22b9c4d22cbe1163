package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

func (x *extraction) tar(in io.Reader) error {
	t := tar.NewReader(in)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return x.settled()
		}
		if err != nil {
			return fmt.Errorf("reading the tar file: %w", err)
		}
		if err := x.tarEntry(h, t); err != nil {
			return fmt.Errorf("unpacking %s: %w", h.Name, err)
		}
	}
}

func (x *extraction) tarEntry(h *tar.Header, content io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader { // what git archive says of the commit
		return nil
	}
	name, err := inside(h.Name)
	if err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return x.folder(name)
	case tar.TypeReg, tar.TypeGNUSparse:
		return x.file(name, fs.FileMode(h.Mode), content)
	case tar.TypeSymlink:
		return x.link(name, h.Linkname)
	case tar.TypeLink:
		return x.hardLink(name, h.Linkname)
	}
	return fmt.Errorf("it is neither a file, a folder nor a link (type %q)", h.Typeflag)
}

// hardLink gives an entry that was unpacked before another name.
func (x *extraction) hardLink(name, target string) error {
	target, err := inside(target)
	if err != nil {
		return err
	}
	if name == target {
		return nil
	}
	info, err := x.root.Lstat(target)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it links to %s, which is no file", target)
	}
	if err := x.clear(name); err != nil {
		return err
	}
	return x.root.Link(target, name)
}
