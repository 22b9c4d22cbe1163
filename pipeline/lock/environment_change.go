package lock

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/stages/python"
)

// changed says what is new in a lock, "" if nothing is.
func changed(old, new *python.Lock) string {
	if old == nil {
		plural := "s"
		if len(new.Packages) == 1 {
			plural = ""
		}
		if new.Manager == python.Conda {
			return fmt.Sprintf("%d conda package%s on %s", len(new.Packages), plural, new.Platform)
		}
		return fmt.Sprintf("%d package%s for python %s on %s", len(new.Packages), plural, new.Python, new.Platform)
	}
	if old.Digest() == new.Digest() {
		return ""
	}
	was, is := old.Versions(), new.Versions()
	all := maps.Clone(was)
	maps.Copy(all, is)
	var parts []string
	if old.Python != new.Python && new.Manager != python.Conda { // there it is a package among the others
		parts = append(parts, "python "+old.Python+" → "+new.Python)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch a, b := was[name], is[name]; {
		case a == b:
		case a == "":
			parts = append(parts, name+" "+b+" added")
		case b == "":
			parts = append(parts, name+" removed")
		default:
			parts = append(parts, name+" "+a+" → "+b)
		}
	}
	if len(parts) == 0 {
		return "other files of the same versions"
	}
	const most = 6
	if len(parts) > most {
		parts = append(parts[:most-1], fmt.Sprintf("and %d more", len(parts)-most+1))
	}
	return strings.Join(parts, ", ")
}
