package git

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// shownNames is how many names a message lists.
const shownNames = 10

// nearest sorts names by how near they are to the one that was asked for.
func nearest(asked string, names []string) []string {
	asked = strings.ToLower(asked)
	distance := map[string]int{}
	for _, name := range names {
		d := 2 * levenshtein.Distance(asked, strings.ToLower(name), nil)
		if asked != "" && strings.Contains(strings.ToLower(name), asked) {
			d = min(d, 3) // experiment for experiments/lr-0.1
		}
		distance[name] = d
	}
	sorted := slices.Clone(names)
	slices.SortFunc(sorted, func(a, b string) int {
		if distance[a] != distance[b] {
			return distance[a] - distance[b]
		}
		return strings.Compare(a, b)
	})
	return sorted
}

// didYouMean is a sentence with a leading space, or "" where no name is near.
func didYouMean(asked string, sorted []string) string {
	if asked == "" || len(sorted) == 0 {
		return ""
	}
	best := sorted[0]
	if levenshtein.Distance(asked, best, nil) > 1+len(asked)/4 && !strings.Contains(best, asked) {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}

// enumerate lists the first names and says how many there are.
func enumerate(sorted []string) string {
	if len(sorted) <= shownNames {
		return strings.Join(sorted, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(sorted[:shownNames], ", "), len(sorted)-shownNames)
}
