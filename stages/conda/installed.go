package conda

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// metadata is what of conda-meta/<package>.json is read.
type metadata struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Build   string `json:"build"`
}

// CheckInstalled compares what an environment's own metadata (conda-meta) says to
// be installed with the list that it was made from.
func (l *List) CheckInstalled(prefix string) error {
	files, err := fs.Glob(os.DirFS(prefix), "conda-meta/*.json")
	if err != nil {
		return err
	}
	have := map[string]metadata{}
	for _, name := range files {
		path := filepath.Join(prefix, name)
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading what was installed: %w", err)
		}
		var m metadata
		if err := json.Unmarshal(data, &m); err != nil || m.Name == "" {
			return fmt.Errorf("%s does not say what was installed", path)
		}
		have[m.Name] = m
	}
	var faults []string
	for _, p := range l.Packages {
		m, ok := have[p.Name]
		delete(have, p.Name)
		switch {
		case !ok:
			faults = append(faults, p.Name+" is missing")
		case m.Version != p.Version || m.Build != p.Build:
			faults = append(faults, fmt.Sprintf("%s is %s=%s, not %s=%s", p.Name, m.Version, m.Build, p.Version, p.Build))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		faults = append(faults, name+" was not asked for")
	}
	if len(faults) > 0 {
		return fmt.Errorf("the client installed something else than what is locked: %s", strings.Join(faults, ", "))
	}
	return nil
}
