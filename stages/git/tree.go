package git

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// entry is one object of a pinned tree, submodules being part of it.
type entry struct {
	path string // from the top of the checkout, slash-separated
	mode filemode.FileMode
	id   plumbing.Hash
	bare string // the repository that holds it

	oid  string // sha256 of the content, if Git LFS keeps it: see readPointers
	size int64  // bytes of that
}

// position is a folder of the tree: which repository and commit it belongs to, and
// where in that commit it is.
type position struct {
	bare, commit, inner string
	tree                plumbing.Hash
}

// snapshot reads the tree of a pinned commit across its repositories. It is for one
// goroutine.
type snapshot struct {
	top    position
	stores map[string]*store
}

// openSnapshot opens a pinned commit of a bare repository.
func openSnapshot(bare, commit string) (*snapshot, error) {
	s := &snapshot{stores: map[string]*store{}}
	var err error
	if s.top, err = s.root(bare, commit); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *snapshot) close() {
	for _, one := range s.stores {
		one.close()
	}
}

func (s *snapshot) store(bare string) (*store, error) {
	if s.stores[bare] == nil {
		opened, err := openStore(bare)
		if err != nil {
			return nil, err
		}
		s.stores[bare] = opened
	}
	return s.stores[bare], nil
}

// root is the top folder of a commit.
func (s *snapshot) root(bare, commit string) (position, error) {
	objects, err := s.store(bare)
	if err != nil {
		return position{}, err
	}
	c, err := objects.commit(commit)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return position{}, fault(ErrGone, "Commit not fetched", fmt.Sprintf("%s does not hold commit %s: fetch it first.", bare, commit))
	}
	if err != nil {
		return position{}, err
	}
	return position{bare: bare, commit: commit, tree: c.TreeHash}, nil
}

// entries lists a folder. Names that must not be checked out are refused, and so is
// a name that stands there twice: a link and a folder of one name would lead out.
func (s *snapshot) entries(at position, outer string) ([]entry, error) {
	objects, err := s.store(at.bare)
	if err != nil {
		return nil, err
	}
	raw, err := objects.tree(at.tree)
	if err != nil {
		return nil, fmt.Errorf("folder %q: %w", outer, err)
	}
	list := make([]entry, 0, len(raw))
	seen := make(map[string]bool, len(raw))
	for _, e := range raw {
		if unsafeName(e.Name) || seen[e.Name] {
			return nil, fault(ErrUnsafe, "Unsafe name in the commit", fmt.Sprintf("Commit %s holds %q, which must not be checked out.", at.commit, strings.TrimPrefix(outer+"/"+e.Name, "/")))
		}
		seen[e.Name] = true
		list = append(list, entry{path: path.Join(outer, e.Name), mode: e.Mode, id: e.Hash, bare: at.bare})
	}
	return list, nil
}

// below is the folder that an entry of at is: a tree, or a submodule's top.
func (s *snapshot) below(at position, e entry) (position, error) {
	inner := path.Join(at.inner, path.Base(e.path))
	if e.mode == filemode.Dir {
		return position{bare: at.bare, commit: at.commit, inner: inner, tree: e.id}, nil
	}
	name, err := moduleOf(at.bare, at.commit, inner)
	if err != nil {
		return position{}, err
	}
	if name == "" {
		return position{}, fault(ErrSubmodule, "Submodule not fetched", fmt.Sprintf("The submodule %s of commit %s was not fetched.", e.path, at.commit))
	}
	return s.root(filepath.Join(filepath.Dir(at.bare), name), e.id.String())
}

func holdsMore(mode filemode.FileMode) bool {
	return mode == filemode.Dir || mode == filemode.Submodule
}

// find looks a clean path up. The entry's position is set if it holds more.
func (s *snapshot) find(p string) (entry, position, error) {
	at, outer := s.top, ""
	parts := strings.Split(p, "/")
	for i, name := range parts {
		list, err := s.entries(at, outer)
		if err != nil {
			return entry{}, position{}, err
		}
		n := slices.IndexFunc(list, func(e entry) bool { return path.Base(e.path) == name })
		if n < 0 {
			return entry{}, position{}, s.missing(p, list)
		}
		found := list[n]
		if holdsMore(found.mode) {
			if at, err = s.below(at, found); err != nil {
				return entry{}, position{}, err
			}
		} else if i < len(parts)-1 {
			return found, position{}, s.missing(p, list)
		}
		outer = found.path
		if i == len(parts)-1 {
			return found, at, nil
		}
	}
	return entry{}, position{}, s.missing(p, nil)
}

// missing says that a path is not there, and what is near: in the last folder that
// there is, and of the same name elsewhere.
func (s *snapshot) missing(p string, beside []entry) *Fault {
	var names []string
	for _, e := range beside {
		names = append(names, e.path)
	}
	for _, e := range s.everywhere() {
		if path.Base(e) == path.Base(p) && !slices.Contains(names, e) {
			names = append(names, e)
		}
	}
	sorted := nearest(p, names)
	detail := fmt.Sprintf("Commit %s has no %q.%s", s.top.commit, p, didYouMean(p, sorted))
	if len(sorted) > 0 {
		detail += fmt.Sprintf(" There are: %s.", enumerate(sorted))
	}
	return fault(ErrPath, "No such path", detail)
}

// everywhere lists all paths of the commit's own repository, as far as it is readable.
func (s *snapshot) everywhere() []string {
	var all []string
	var walk func(at position, outer string)
	walk = func(at position, outer string) {
		list, err := s.entries(at, outer)
		if err != nil {
			return
		}
		for _, e := range list {
			all = append(all, e.path)
			if e.mode == filemode.Dir {
				walk(position{bare: at.bare, commit: at.commit, tree: e.id}, e.path)
			}
		}
	}
	walk(s.top, "")
	return all
}

// files lists everything under the paths (clean; none: the whole tree) that is not
// a folder, submodules' files among them, sorted by path.
func (s *snapshot) files(paths []string) ([]entry, error) {
	var all []entry
	var walk func(at position, outer string) error
	walk = func(at position, outer string) error {
		list, err := s.entries(at, outer)
		if err != nil {
			return err
		}
		for _, e := range list {
			if !holdsMore(e.mode) {
				all = append(all, e)
				continue
			}
			next, err := s.below(at, e)
			if err != nil {
				return err
			}
			if err := walk(next, e.path); err != nil {
				return err
			}
		}
		return nil
	}
	if len(paths) == 0 {
		err := walk(s.top, "")
		return sortEntries(all), err
	}
	for _, p := range paths {
		e, at, err := s.find(p)
		if err != nil {
			return nil, err
		}
		if !holdsMore(e.mode) {
			all = append(all, e)
		} else if err := walk(at, e.path); err != nil {
			return nil, err
		}
	}
	return sortEntries(all), nil
}

func sortEntries(all []entry) []entry {
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	return all
}
