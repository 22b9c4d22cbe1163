package stages

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"
)

// Suggest is the name in among that was probably meant by given, or "". Of
// equally near ones it is the first.
func Suggest(given string, among []string) string {
	best, distance := "", max(1, (len(given)+2)/3)+1
	for _, name := range among {
		if strings.EqualFold(name, given) {
			return name
		}
		if d := distanceOf(given, name); d < distance && d < len(name) {
			best, distance = name, d
		}
	}
	return best
}

// distanceOf counts the letters that differ; two neighbours that changed places
// count as one slip.
func distanceOf(given, name string) int {
	d := levenshtein.Distance(given, name, nil)
	for i := 0; d == 2 && len(given) == len(name) && i+1 < len(given); i++ {
		if given[:i]+given[i+1:i+2]+given[i:i+1]+given[i+2:] == name {
			return 1
		}
	}
	return d
}

// DidYouMean is a sentence to end a message with, led by a space, or "" if no
// name in among is near.
func DidYouMean(given string, among []string) string {
	if name := Suggest(given, among); name != "" {
		return fmt.Sprintf(" Did you mean %q?", name)
	}
	return ""
}
