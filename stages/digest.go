package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"

	"golang.org/x/sync/errgroup"
)

// Content sums up what a file or a folder holds.
type Content struct {
	Digest string // "sha256:<hex>"
	Size   int64  // bytes, of all files
	Files  int    // number of files and symbolic links; 1 for a file
}

// FileDigest is the digest of a file's bytes, "sha256:<hex>". A symbolic link
// is followed.
func FileDigest(path string) (string, error) {
	c, err := fileContent(path)
	return c.Digest, err
}

// FolderDigest is the digest of a folder, "sha256:<hex>": the sha256 over one
// line for each file and symbolic link below it, sorted by path, with the quoted
// slash-separated path, "x" where the owner may execute it, "-" where not, "l"
// for a link, and the digest of the file's bytes or of the link's text. Empty
// folders, owners, times and other modes do not count, as in git.
func FolderDigest(path string) (string, error) {
	c, err := folderContent(path)
	return c.Digest, err
}

// ContentOf sums up the file or the folder at path by FileDigest or FolderDigest.
func ContentOf(path string) (Content, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Content{}, err
	}
	if info.IsDir() {
		return folderContent(path)
	}
	return fileContent(path)
}

// LinkContent sums up a symbolic link by its text alone.
func LinkContent(text string) Content {
	sum := sha256.Sum256([]byte(text))
	return Content{Digest: digest(sum[:]), Size: int64(len(text)), Files: 1}
}

func fileContent(path string) (Content, error) {
	if info, err := os.Stat(path); err != nil {
		return Content{}, err
	} else if !info.Mode().IsRegular() { // opening a pipe would wait for ever
		return Content{}, fmt.Errorf("%s is neither a file nor a folder (%s)", path, info.Mode().Type())
	}
	f, err := os.Open(path)
	if err != nil {
		return Content{}, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return Content{}, fmt.Errorf("reading %s: %w", path, err)
	}
	return Content{Digest: digest(sum.Sum(nil)), Size: n, Files: 1}, nil
}

// entry is one line of a folder's listing.
type entry struct {
	path   string // slash-separated
	mode   string
	digest string
	size   int64
}

func folderContent(root string) (Content, error) {
	entries, err := listFolder(root)
	if err != nil {
		return Content{}, err
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range entries {
		e := &entries[i]
		if e.mode == "l" {
			continue
		}
		group.Go(func() error {
			c, err := fileContent(filepath.Join(root, filepath.FromSlash(e.path)))
			e.digest, e.size = c.Digest, c.Size
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Content{}, err
	}
	sum, total := sha256.New(), int64(0)
	for _, e := range entries {
		fmt.Fprintf(sum, "%q %s %s\n", e.path, e.mode, e.digest)
		total += e.size
	}
	return Content{Digest: digest(sum.Sum(nil)), Size: total, Files: len(entries)}, nil
}

// listFolder lists all files and links below root, sorted by path, without the
// digests of the files.
func listFolder(root string) ([]entry, error) {
	root, err := filepath.EvalSymlinks(root) // WalkDir does not follow a link at its root
	if err != nil {
		return nil, err
	}
	var entries []entry
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		e := entry{path: filepath.ToSlash(relative), mode: "-"}
		if d.Type() == fs.ModeSymlink {
			text, err := os.Readlink(path)
			if err != nil {
				return err
			}
			e.mode, e.digest = "l", LinkContent(text).Digest
		} else if info, err := d.Info(); err != nil {
			return err
		} else if info.Mode()&0o100 != 0 {
			e.mode = "x"
		}
		entries = append(entries, e)
		return nil
	})
	sort.Slice(entries, func(i, j int) bool { return entries[i].path < entries[j].path })
	return entries, err
}

func digest(sum []byte) string { return "sha256:" + hex.EncodeToString(sum) }
