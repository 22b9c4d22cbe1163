package git

import (
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	gosync "sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// shownDifferences is how many differences Verify names.
const shownDifferences = 5

// Verify compares the folder dir with what a pinned commit holds under the paths:
// every file's content (by its git object id; with large set, of what Git LFS keeps by
// its sha256), executable bit and link target, files too few and too many. Where they differ, it returns an error of kind
// ErrDiffers that names the first differences.
func Verify(dir, bare, commit string, paths []string, large bool) error {
	clean, err := cleanPaths(paths)
	if err != nil {
		return err
	}
	s, err := openSnapshot(bare, commit)
	if err != nil {
		return err
	}
	defer s.close()
	want, err := s.files(clean)
	if err != nil {
		return err
	}
	if large {
		if err := s.readPointers(want); err != nil {
			return err
		}
	}
	differences, err := extra(dir, want)
	if err != nil {
		return fmt.Errorf("verifying %s: %w", dir, err)
	}
	var lock gosync.Mutex
	err = inParallel(context.Background(), batches(want), func(_ *snapshot, batch []entry) error {
		for _, e := range batch {
			difference, err := compare(dir, e)
			if err != nil {
				return err
			}
			if difference != "" {
				lock.Lock()
				differences = append(differences, e.path+difference)
				lock.Unlock()
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("verifying %s: %w", dir, err)
	}
	if len(differences) == 0 {
		return nil
	}
	slices.Sort(differences)
	shown := strings.Join(differences[:min(len(differences), shownDifferences)], "; ")
	if more := len(differences) - shownDifferences; more > 0 {
		shown += fmt.Sprintf("; and %d more", more)
	}
	return fault(ErrDiffers, "Checkout differs from the commit", fmt.Sprintf("%s is not what commit %s holds: %s.", dir, commit, shown))
}

// extra lists what is in dir and not in the commit.
func extra(dir string, want []entry) ([]string, error) {
	known := map[string]bool{}
	for _, e := range want {
		for p := e.path; p != "." && !known[p]; p = path.Dir(p) {
			known[p] = true
		}
	}
	var found []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil || rel == "." || known[filepath.ToSlash(rel)] {
			return err
		}
		found = append(found, filepath.ToSlash(rel)+" is not in the commit")
		if d.IsDir() {
			return filepath.SkipDir
		}
		return nil
	})
	return found, err
}

// compare says how one file on disk differs from the commit's, or "".
func compare(dir string, e entry) (string, error) {
	file := filepath.Join(dir, filepath.FromSlash(e.path))
	info, err := os.Lstat(file)
	if err != nil {
		return " is missing", nil
	}
	switch {
	case e.mode == filemode.Symlink:
		if info.Mode().Type() != fs.ModeSymlink {
			return " is not a symbolic link", nil
		}
		target, err := os.Readlink(file)
		if err != nil {
			return "", err
		}
		if blobID(int64(len(target)), strings.NewReader(target)) != e.id {
			return " points elsewhere", nil
		}
		return "", nil
	case !info.Mode().IsRegular():
		return " is not a file", nil
	case (e.mode == filemode.Executable) != (info.Mode()&0o100 != 0):
		return " has another executable bit", nil
	}
	content, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer content.Close()
	if e.oid != "" && sumOf(content) == e.oid || e.oid == "" && blobID(info.Size(), content) == e.id {
		return "", nil
	}
	return " has other content", nil
}

// blobID is the id that git gives a file's content. A file that cannot be read to
// its end has none.
func blobID(size int64, content io.Reader) plumbing.Hash {
	sum := sha1.New()
	fmt.Fprintf(sum, "blob %d\x00", size)
	if _, err := io.Copy(sum, content); err != nil {
		return plumbing.ZeroHash
	}
	return plumbing.Hash(sum.Sum(nil))
}
