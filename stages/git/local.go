package git

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// gitDir finds the git directory of a repository on this machine: the folder's
// own, or, if it may be inside a working tree, the nearest one above it.
func gitDir(r Remote) (string, error) {
	info, err := os.Stat(r.url)
	if err != nil {
		return "", fault(ErrNotRepository, "No such repository", fmt.Sprintf("There is no folder %s.", r.url))
	}
	dir := r.url
	if !info.IsDir() {
		dir = filepath.Dir(dir)
	}
	for {
		if found, ok := gitDirOf(dir); ok {
			return found, nil
		}
		if !r.inside || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	detail := fmt.Sprintf("%s is not in a git repository.", r.url)
	if r.inside {
		detail += " Make one there (git init, git add, git commit), or name another repository."
	}
	return "", fault(ErrNotRepository, "Not a repository", detail)
}

// gitDirOf is dir/.git, what the file dir/.git points at (a linked working tree or
// a submodule), or dir itself if it is a bare repository.
func gitDirOf(dir string) (string, bool) {
	inside := filepath.Join(dir, ".git")
	if isGitDir(inside) {
		return inside, true
	}
	if data, err := os.ReadFile(inside); err == nil {
		if place, ok := strings.CutPrefix(strings.TrimSpace(string(data)), "gitdir: "); ok {
			if !filepath.IsAbs(place) {
				place = filepath.Join(dir, place)
			}
			return place, isGitDir(place)
		}
	}
	return dir, isGitDir(dir)
}

// isGitDir asks what git asks (gitrepository-layout(5)): HEAD, and the objects here
// or where commondir says.
func isGitDir(dir string) bool {
	if info, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil || info.IsDir() {
		return false
	}
	if _, err := os.Stat(filepath.Join(dir, "commondir")); err == nil {
		return true
	}
	objects, err := os.Stat(filepath.Join(dir, "objects"))
	if err != nil || !objects.IsDir() {
		return false
	}
	_, err = os.Stat(filepath.Join(dir, "refs"))
	return err == nil
}

// openLocal opens a repository on this machine.
func openLocal(r Remote) (*store, error) {
	dir, err := gitDir(r)
	if err != nil {
		return nil, err
	}
	s, err := openStore(dir)
	if errors.Is(err, os.ErrPermission) {
		return nil, fault(ErrAuthentication, "Repository not readable", fmt.Sprintf("You may not read %s.", dir))
	}
	return s, err
}

// localRefs lists the refs of an open repository, tags peeled.
func localRefs(s *store) (*refs, error) {
	iter, err := s.main.IterReferences()
	if err != nil {
		return nil, fmt.Errorf("listing refs: %w", err)
	}
	var list []*plumbing.Reference
	err = iter.ForEach(func(ref *plumbing.Reference) error {
		if ref.Type() == plumbing.SymbolicReference && ref.Name() != plumbing.HEAD {
			return nil // refs/remotes/origin/HEAD
		}
		list = append(list, ref)
		if peeled := s.peel(ref.Hash()); ref.Name().IsTag() && peeled != ref.Hash() {
			list = append(list, plumbing.NewHashReference(ref.Name()+"^{}", peeled))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing refs: %w", err)
	}
	return refsFrom(list), nil
}

func resolveLocal(r Remote, ref string) (Resolution, error) {
	s, err := openLocal(r)
	if err != nil {
		return Resolution{}, err
	}
	defer s.close()
	lower := strings.ToLower(ref)
	if isCommit(lower) {
		if _, err := s.commit(s.peel(plumbing.NewHash(lower)).String()); err != nil {
			return Resolution{}, gone(r, lower)
		}
		return Resolution{Commit: s.peel(plumbing.NewHash(lower)).String()}, nil
	}
	all, err := localRefs(s)
	if err != nil {
		return Resolution{}, fmt.Errorf("reading %s: %w", r, err)
	}
	if found, ok := choose(r, all, ref); ok {
		if _, err := s.commit(found.Commit); err != nil {
			return Resolution{}, fault(ErrNoRef, "Not a commit", fmt.Sprintf("%s of %s is not a commit.", found.Ref, r))
		}
		return found, nil
	}
	if isShort(lower) {
		found, err := s.starting(plumbing.CommitObject, lower)
		if err != nil {
			return Resolution{}, fmt.Errorf("reading %s: %w", r, err)
		}
		return oneOf(r, all, lower, found)
	}
	if all.empty() {
		return Resolution{}, fault(ErrEmpty, "Empty repository", fmt.Sprintf("%s has no commit yet: commit something there first.", r))
	}
	return Resolution{}, all.missing(r, ref)
}
