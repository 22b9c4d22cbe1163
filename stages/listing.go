package stages

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// Listing is what a file or a folder holds, file by file.
type Listing struct {
	Folder bool
	Lines  []Line // sorted by path; of a file one, with path ""

	root string // symbolic links resolved
}

// Line is one file or symbolic link of a listing.
type Line struct {
	Path   string `json:"path"` // slash-separated, below the folder
	Mode   string `json:"mode"` // "x" where the owner may execute it, "-" where not, "l" for a symbolic link
	Digest string `json:"digest"`
	Size   int64  `json:"size"` // bytes
	Stamp
}

// Stamp is what a file system changes with a file's content. The change time
// cannot be set by a program (inode(7)). The device is not part of it: it is
// another for each node that mounts the same file system.
type Stamp struct {
	Inode    uint64 `json:"inode,omitempty"`
	Modified int64  `json:"modified,omitempty"` // ns since 1970
	Changed  int64  `json:"changed,omitempty"`  // likewise
}

// ListingOf lists the file or the folder at path, with the digests of all files.
func ListingOf(path string) (Listing, error) {
	l, err := List(path)
	if err != nil {
		return Listing{}, err
	}
	return l, l.Fill()
}

// List is ListingOf without the digests of files, which cost reading them.
func List(path string) (Listing, error) {
	root, err := filepath.EvalSymlinks(path) // WalkDir does not follow a link at its root
	if err != nil {
		return Listing{}, err
	}
	info, err := os.Stat(root)
	if err != nil {
		return Listing{}, err
	}
	l := Listing{Folder: info.IsDir(), root: root}
	if !l.Folder {
		l.Lines = []Line{{Mode: "-", Size: info.Size(), Stamp: stampOf(info)}}
		return l, nil
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		line, err := lineOf(root, path, d)
		l.Lines = append(l.Lines, line)
		return err
	})
	slices.SortFunc(l.Lines, func(a, b Line) int { return strings.Compare(a.Path, b.Path) })
	return l, err
}

func lineOf(root, path string, d fs.DirEntry) (Line, error) {
	relative, err := filepath.Rel(root, path)
	if err != nil {
		return Line{}, err
	}
	line := Line{Path: filepath.ToSlash(relative), Mode: "-"}
	if d.Type() == fs.ModeSymlink {
		text, err := os.Readlink(path)
		line.Mode, line.Digest = "l", LinkContent(text).Digest
		return line, err
	}
	info, err := d.Info()
	if err != nil {
		return Line{}, err
	}
	if info.Mode()&0o100 != 0 {
		line.Mode = "x"
	}
	line.Size, line.Stamp = info.Size(), stampOf(info)
	return line, nil
}

func stampOf(info fs.FileInfo) Stamp {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Stamp{}
	}
	return Stamp{Inode: s.Ino, Modified: s.Mtim.Nano(), Changed: s.Ctim.Nano()}
}

// Fill reads the files whose digests are missing, several at a time.
func (l *Listing) Fill() error {
	return l.fillBy(func(line *Line, path string) error {
		c, err := fileContent(path)
		line.Digest, line.Size = c.Digest, c.Size
		return err
	})
}

// fillBy is Fill with another way to digest one file.
func (l *Listing) fillBy(digest func(line *Line, path string) error) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range l.Lines {
		line := &l.Lines[i]
		if line.Digest != "" {
			continue
		}
		group.Go(func() error { return digest(line, filepath.Join(l.root, filepath.FromSlash(line.Path))) })
	}
	return group.Wait()
}

// Content sums the listing up, as ContentOf does.
func (l Listing) Content() Content {
	if !l.Folder && len(l.Lines) == 1 {
		return Content{Digest: l.Lines[0].Digest, Size: l.Lines[0].Size, Files: 1}
	}
	if !l.Folder {
		return Content{}
	}
	sum, total := sha256.New(), int64(0)
	for _, line := range l.Lines {
		fmt.Fprintf(sum, "%q %s %s\n", line.Path, line.Mode, line.Digest)
		total += line.Size
	}
	return Content{Digest: digest(sum.Sum(nil)), Size: total, Files: len(l.Lines)}
}
