package git

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

const (
	// cacheSize bounds what one reader keeps of the bases of deltas.
	cacheSize = 32 * cache.MiByte
	// streamed is the size from which a file is not read into memory whole.
	streamed = 1 << 20
)

// store reads the objects of one repository, wherever they are: its own, and those
// of the repositories it borrows from (objects/info/alternates). It is for one
// goroutine; others open their own.
type store struct {
	main  *filesystem.Storage
	parts []*filesystem.ObjectStorage
}

// openStore opens the repository with the git directory dir.
func openStore(dir string) (*store, error) {
	common := commonDir(dir)
	if _, err := os.Stat(filepath.Join(common, "objects")); err != nil {
		return nil, fmt.Errorf("opening the repository %s: %w", dir, err)
	}
	options := filesystem.Options{KeepDescriptors: true, LargeObjectThreshold: streamed}
	place := dotgit.NewRepositoryFilesystem(osfs.New(dir), osfs.New(common))
	s := &store{main: filesystem.NewStorageWithOptions(place, cache.NewObjectLRU(cacheSize), options)}
	s.parts = append(s.parts, &s.main.ObjectStorage)
	for _, borrowed := range alternates(filepath.Join(common, "objects"), nil) {
		// go-git opens a lender anew for each object: one reader for each instead.
		part := filesystem.NewObjectStorageWithOptions(dotgit.New(osfs.New(filepath.Dir(borrowed))), cache.NewObjectLRU(cacheSize), options)
		s.parts = append(s.parts, part)
	}
	return s, nil
}

// commonDir is where a git directory keeps what it shares with linked working trees.
func commonDir(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, "commondir"))
	if err != nil {
		return dir
	}
	common := strings.TrimSpace(string(data))
	if !filepath.IsAbs(common) {
		common = filepath.Join(dir, common)
	}
	return common
}

// alternates lists the object folders that objects borrows from, at any remove.
func alternates(objects string, seen []string) []string {
	file, err := os.Open(filepath.Join(objects, "info", "alternates"))
	if err != nil {
		return seen
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		place := lines.Text()
		if place == "" || place[0] == '#' {
			continue
		}
		if !filepath.IsAbs(place) {
			place = filepath.Join(objects, place)
		}
		if place = filepath.Clean(place); !slices.Contains(seen, place) {
			seen = alternates(place, append(seen, place))
		}
	}
	return seen
}

func (s *store) close() {
	for _, part := range s.parts {
		_ = part.Close() // only read
	}
}

// object reads one object; plumbing.ErrObjectNotFound if there is none.
func (s *store) object(t plumbing.ObjectType, id plumbing.Hash) (plumbing.EncodedObject, error) {
	for _, part := range s.parts {
		found, err := part.EncodedObject(t, id)
		if err == nil {
			return found, nil
		}
		if !errors.Is(err, plumbing.ErrObjectNotFound) {
			return nil, fmt.Errorf("reading object %s: %w", id, err)
		}
	}
	return nil, plumbing.ErrObjectNotFound
}

func (s *store) commit(id string) (*object.Commit, error) {
	found, err := s.object(plumbing.CommitObject, plumbing.NewHash(id))
	if err != nil {
		return nil, fmt.Errorf("commit %s: %w", id, err)
	}
	c := new(object.Commit)
	if err := c.Decode(found); err != nil {
		return nil, fmt.Errorf("commit %s: %w", id, err)
	}
	return c, nil
}

func (s *store) tree(id plumbing.Hash) ([]object.TreeEntry, error) {
	found, err := s.object(plumbing.TreeObject, id)
	if err != nil {
		return nil, fmt.Errorf("tree %s: %w", id, err)
	}
	t := new(object.Tree)
	if err := t.Decode(found); err != nil {
		return nil, fmt.Errorf("tree %s: %w", id, err)
	}
	return t.Entries, nil
}

// open reads a blob from its beginning.
func (s *store) open(id plumbing.Hash) (io.ReadCloser, int64, error) {
	found, err := s.object(plumbing.BlobObject, id)
	if err != nil {
		return nil, 0, err
	}
	r, err := found.Reader()
	return r, found.Size(), err
}

func (s *store) blob(id plumbing.Hash) ([]byte, error) {
	r, size, err := s.open(id)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, fmt.Errorf("reading object %s: %w", id, err)
	}
	return data, nil
}

// peel follows a tag to what it points at.
func (s *store) peel(id plumbing.Hash) plumbing.Hash {
	for range 10 { // tags of tags; a longer chain is not a commit for anybody
		found, err := s.object(plumbing.TagObject, id)
		if err != nil {
			return id
		}
		t := new(object.Tag)
		if t.Decode(found) != nil {
			return id
		}
		id = t.Target
	}
	return id
}

// starting lists the objects of a type whose ids begin with the hex digits short.
func (s *store) starting(t plumbing.ObjectType, short string) ([]string, error) {
	prefix, err := hex.DecodeString(short[:len(short)&^1]) // whole bytes; the rest is compared below
	if err != nil {
		return nil, fmt.Errorf("%q is not the beginning of a commit: %w", short, err)
	}
	var ids []string
	for _, part := range s.parts {
		found, err := part.HashesWithPrefix(prefix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("looking for %s: %w", short, err)
		}
		for _, id := range found {
			_, err := s.object(t, id)
			if err == nil && strings.HasPrefix(id.String(), short) && !slices.Contains(ids, id.String()) {
				ids = append(ids, id.String())
			}
		}
	}
	slices.Sort(ids)
	return ids, nil
}
