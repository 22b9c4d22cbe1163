package git

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// PinOf names what a commit of a bare repository holds under the paths (none: all
// of it). The digest of a commit that leaves the paths alone stays the same. A path
// that is not there is an error of kind ErrPath that says what is.
func PinOf(bare, commit string, paths []string) (Pin, error) {
	clean, err := cleanPaths(paths)
	if err != nil {
		return Pin{}, err
	}
	s, err := openSnapshot(bare, commit)
	if err != nil {
		return Pin{}, err
	}
	defer s.close()
	pin := Pin{Commit: commit, Tree: s.top.tree.String(), Digest: s.top.tree.String()}
	if len(clean) == 0 {
		return pin, nil
	}
	sum := sha256.New()
	for _, p := range clean {
		e, _, err := s.find(p)
		if err != nil {
			return Pin{}, err
		}
		fmt.Fprintf(sum, "%06o %s\t%s\x00", uint32(e.mode), e.id, p)
	}
	pin.Digest = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	return pin, nil
}

// linksFollowed is how many symbolic links ReadFile follows, as Linux does.
const linksFollowed = 40

// ReadFile reads one file of a pinned commit, following symbolic links inside the
// tree. A file that is not there is an error of kind ErrPath that says what is.
func ReadFile(bare, commit, file string) ([]byte, error) {
	s, err := openSnapshot(bare, commit)
	if err != nil {
		return nil, err
	}
	defer s.close()
	asked := file
	for range linksFollowed {
		clean, err := cleanPaths([]string{file})
		if err != nil {
			return nil, err
		}
		if len(clean) == 0 {
			return nil, fault(ErrPath, "Not a file", fmt.Sprintf("%q is a folder of commit %s.", asked, commit))
		}
		e, _, err := s.find(clean[0])
		if e.mode == filemode.Symlink { // at the end, or on the way
			target, err := s.target(e)
			if err != nil {
				return nil, err
			}
			rest := strings.TrimPrefix(clean[0], e.path)
			file = path.Join(path.Dir(e.path), target+rest)
			if path.IsAbs(target) {
				file = target
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if holdsMore(e.mode) {
			return nil, fault(ErrPath, "Not a file", fmt.Sprintf("%q is a folder of commit %s.", asked, commit))
		}
		objects, err := s.store(e.bare)
		if err != nil {
			return nil, err
		}
		return objects.blob(e.id)
	}
	return nil, fault(ErrPath, "Too many links", fmt.Sprintf("%q of commit %s is a symbolic link that leads in a circle.", asked, commit))
}

// target is what a symbolic link of the tree says.
func (s *snapshot) target(e entry) (string, error) {
	objects, err := s.store(e.bare)
	if err != nil {
		return "", err
	}
	r, size, err := objects.open(e.id)
	if err != nil {
		return "", fmt.Errorf("reading the link %s: %w", e.path, err)
	}
	_ = r.Close()
	if size == 0 || size > 4095 { // PATH_MAX, with its NUL
		return "", fault(ErrUnsafe, "Unsafe link in the commit", fmt.Sprintf("The link %s has a target of %d bytes.", e.path, size))
	}
	data, err := objects.blob(e.id)
	if err == nil && strings.ContainsRune(string(data), 0) {
		return "", fault(ErrUnsafe, "Unsafe link in the commit", fmt.Sprintf("The target of the link %s holds a NUL.", e.path))
	}
	return string(data), err
}
