package git

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// copyCommit writes one pack with a commit and all the objects of its tree from
// the git directory from into the bare repository to. Nothing refers back: what
// happens to the first later does not matter to the second.
func copyCommit(ctx context.Context, from, to, commit string, tell Progress) error {
	source, err := openStore(from)
	if err != nil {
		return err
	}
	defer source.close()
	ids, err := objectsOf(source, commit)
	if err != nil {
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			return incomplete(from, commit, err)
		}
		return err
	}
	err = writePack(ctx, filepath.Join(to, "objects", "pack"), source, ids, tell)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return incomplete(from, commit, err)
	}
	if err != nil {
		return fmt.Errorf("copying %s: %w", commit, err)
	}
	return nil
}

func incomplete(from, commit string, err error) *Fault {
	return fault(ErrGone, "Commit not in the repository", fmt.Sprintf(
		"%s does not hold all of commit %s (%v): it was rewritten away, or the repository is a partial clone. Pin another commit with lock --upgrade, or fetch this one there.", from, commit, err))
}

// objectsOf lists a commit, its trees and its files, each once.
func objectsOf(s *store, commit string) ([]plumbing.Hash, error) {
	c, err := s.commit(commit)
	if err != nil {
		return nil, err
	}
	ids := []plumbing.Hash{c.Hash}
	seen := map[plumbing.Hash]bool{}
	var walk func(tree plumbing.Hash) error
	walk = func(tree plumbing.Hash) error {
		if seen[tree] {
			return nil
		}
		seen[tree] = true
		ids = append(ids, tree)
		entries, err := s.tree(tree)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			switch {
			case entry.Mode == filemode.Submodule: // in another repository
			case entry.Mode == filemode.Dir:
				if err := walk(entry.Hash); err != nil {
					return err
				}
			case !seen[entry.Hash]:
				seen[entry.Hash] = true
				ids = append(ids, entry.Hash)
			}
		}
		return nil
	}
	return ids, walk(c.TreeHash)
}
