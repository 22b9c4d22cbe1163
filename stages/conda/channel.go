package conda

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// DamagedError says which package of the cache is not what was locked.
type DamagedError struct{ File, Want, Got string } // Got is "" where there is none

// Error names the file and both digests.
func (e *DamagedError) Error() string {
	if e.Got == "" {
		return fmt.Sprintf("%s, with the sha256 %s, is not among the fetched packages any more", e.File, e.Want)
	}
	return fmt.Sprintf("%s has the sha256 %s where %s was locked: the file was changed", e.File, e.Got, e.Want)
}

// explicitFile is the list for a client, in the folder of LayOut.
const explicitFile = "explicit.txt"

// LayOut puts the packages of a list into folder as a channel has them, and
// explicit.txt beside them: the list that a client installs, of files on this
// machine with their md5, the one digest that every client knows. Each file's
// sha256 is compared once it is in its place. The error may be a *DamagedError.
func (c *Cache) LayOut(l *List, folder string) (bytes int64, err error) {
	folder, err = filepath.Abs(folder)
	if err != nil {
		return 0, err
	}
	var text strings.Builder
	text.WriteString(marker + "\n")
	for _, p := range l.Packages {
		place := filepath.Join(folder, p.Subdir, p.File)
		size, err := put(c.path(p.SHA256), place)
		if errors.Is(err, fs.ErrNotExist) {
			return 0, &DamagedError{File: p.File, Want: p.SHA256}
		}
		if err != nil {
			return 0, fmt.Errorf("laying out %s: %w", p.File, err)
		}
		have, err := digests(place)
		if err != nil {
			return 0, fmt.Errorf("laying out %s: %w", p.File, err)
		}
		if have.sha256 != p.SHA256 {
			return 0, &DamagedError{p.File, p.SHA256, have.sha256}
		}
		bytes += size
		fmt.Fprintf(&text, "%s#%s\n", (&url.URL{Scheme: "file", Path: place}).String(), have.md5)
	}
	return bytes, os.WriteFile(filepath.Join(folder, explicitFile), []byte(text.String()), 0o600)
}

// put links a file to its place, or copies it.
func put(from, to string) (size int64, err error) {
	info, err := os.Stat(from)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return 0, err
	}
	if os.Link(from, to) == nil {
		return info.Size(), nil
	}
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(out, in)
	return info.Size(), errors.Join(err, out.Close())
}
