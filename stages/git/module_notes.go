package git

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
)

// modulesFile notes, for one commit, the path of each submodule and the name of its
// bare repository, a line each.
func modulesFile(bare, commit string) string { return filepath.Join(bare, "runpipe-modules", commit) }

func readModules(bare, commit string) (map[string]string, error) {
	names := map[string]string{}
	data, err := os.ReadFile(modulesFile(bare, commit))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading which submodules were fetched: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if name, p, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok && filepath.IsLocal(name) {
			names[p] = name
		}
	}
	return names, nil
}

// noteModules adds to what is noted for a commit; an earlier fetch may have wanted
// other paths.
func noteModules(bare, commit string, names map[string]string) error {
	known, err := readModules(bare, commit)
	if err != nil {
		return err
	}
	changed := false
	for p, name := range names {
		if strings.ContainsAny(p, "\n") {
			return fault(ErrUnsafe, "Unsafe name in the commit", fmt.Sprintf("The submodule %q has a line break in its path.", p))
		}
		changed = changed || known[p] != name
		known[p] = name
	}
	if !changed {
		return nil
	}
	var lines []string
	for p, name := range known {
		lines = append(lines, name+"\t"+p+"\n")
	}
	slices.Sort(lines)
	file := modulesFile(bare, commit)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return fmt.Errorf("noting the submodules of %s: %w", commit, err)
	}
	if err := renameio.WriteFile(file, []byte(strings.Join(lines, "")), 0o644); err != nil {
		return fmt.Errorf("noting the submodules of %s: %w", commit, err)
	}
	return nil
}

// moduleOf is the name of the bare repository of the submodule at a path, or "".
func moduleOf(bare, commit, p string) (string, error) {
	names, err := readModules(bare, commit)
	return names[p], err
}
