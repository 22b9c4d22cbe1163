package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
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

func folderContent(root string) (Content, error) { return folderContentBy(root, fileContent) }

func folderContentBy(root string, file func(string) (Content, error)) (Content, error) {
	l, err := ListingOf(root)
	return l.Content(), err
}

// digestBy is FileDigest or FolderDigest with another way to digest one file.
func digestBy(path string, file func(string) (string, error)) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return file(path)
	}
	c, err := folderContentBy(path, func(path string) (Content, error) {
		digest, err := file(path)
		return Content{Digest: digest}, err
	})
	return c.Digest, err
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

func digest(sum []byte) string { return "sha256:" + hex.EncodeToString(sum) }
