package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"os"

	filedigest "github.com/runpipe/runpipe/stages/digest"
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

func folderContent(root string) (Content, error) {
	l, err := ListingOf(root)
	return l.Content(), err
}

// DigestBy is FileDigest or FolderDigest with another way to digest one file.
func DigestBy(path string, file func(string) (string, error)) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return file(path)
	}
	l, err := List(path)
	if err != nil {
		return "", err
	}
	err = l.fillBy(func(line *Line, path string) (err error) {
		line.Digest, err = file(path)
		return err
	})
	return l.Content().Digest, err
}

func fileContent(path string) (Content, error) {
	sum, size, err := filedigest.Sum(path)
	if err != nil {
		return Content{}, err
	}
	return Content{Digest: "sha256:" + sum, Size: size, Files: 1}, nil
}

func digest(sum []byte) string { return "sha256:" + hex.EncodeToString(sum) }
