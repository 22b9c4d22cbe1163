package gc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/runpipe/runpipe/pipeline/workspace"
)

// aside begins the name of what is out of sight, on its way to be removed.
const aside = ".freed-"

// moved is an item that is out of sight.
type moved struct {
	Item
	at string
}

// Free removes the items that Find found, with the same options, and returns
// those that it did remove. One that a run has come to need meanwhile stays.
func Free(w *workspace.Workspace, items []Item, o Options) ([]Item, error) {
	var hidden []moved
	for _, item := range items {
		m, err := hide(item)
		switch {
		case errors.Is(err, fs.ErrNotExist): // another gc was here
			continue
		case err != nil:
			return nil, errors.Join(fmt.Errorf("freeing %s: %w", item.Path, err), restore(hidden))
		}
		hidden = append(hidden, m)
	}
	// Results first: which environments are needed stands in them.
	hidden, err := putBack(w, hidden, o, Result)
	if err == nil {
		hidden, err = putBack(w, hidden, o, Environment, Frozen, Program, Download)
	}
	if err != nil {
		return nil, errors.Join(err, restore(hidden))
	}
	var freed []Item
	var faults []error
	for _, m := range hidden {
		if err := remove(m.at); err != nil {
			faults = append(faults, fmt.Errorf("freeing %s: %w", m.Path, err))
			continue
		}
		freed = append(freed, m.Item)
	}
	return freed, errors.Join(faults...)
}

// putBack restores the items of these kinds that a run has come to need, and
// returns the others.
func putBack(w *workspace.Workspace, hidden []moved, o Options, kinds ...Kind) ([]moved, error) {
	now, err := look(w, o)
	if err != nil {
		return hidden, err
	}
	var rest, back []moved
	for _, m := range hidden {
		if slices.Contains(kinds, m.Kind) && now.needed.has(m.Kind, filepath.Base(m.Path)) {
			back = append(back, m)
		} else {
			rest = append(rest, m)
		}
	}
	return rest, restore(back)
}

// hide renames an item so that nobody finds it under its name.
func hide(item Item) (moved, error) {
	at := filepath.Join(filepath.Dir(item.Path), aside+filepath.Base(item.Path))
	if item.Kind == Leftover {
		at = item.Path
	}
	if at == item.Path {
		return moved{item, at}, nil
	}
	if err := remove(at); err != nil { // of a gc that was cut short
		return moved{}, err
	}
	return moved{item, at}, os.Rename(item.Path, at)
}

// restore gives items their names back. What somebody has made anew under such a
// name is as good.
func restore(all []moved) error {
	var faults []error
	for _, m := range all {
		if m.at == m.Path {
			continue
		}
		if _, err := os.Lstat(m.Path); err == nil {
			continue
		}
		faults = append(faults, os.Rename(m.at, m.Path))
	}
	return errors.Join(faults...)
}

// remove removes a folder in which a job may have left folders without the right
// to write.
func remove(path string) error {
	if err := os.RemoveAll(path); err == nil {
		return nil
	}
	_ = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(p, 0o700) // RemoveAll tells what stays
		}
		return nil
	})
	return os.RemoveAll(path)
}
