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
		if d := levenshtein.Distance(given, name, nil); d < distance && d < len(name) {
			best, distance = name, d
		}
	}
	return best
}

// DidYouMean is a sentence to end a message with, led by a space, or "" if no
// name in among is near.
func DidYouMean(given string, among []string) string {
	if name := Suggest(given, among); name != "" {
		return fmt.Sprintf(" Did you mean %q?", name)
	}
	return ""
}
