package pipeline

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Version is runpipe's own version, which pipeline.requires is held against.
const Version = "0.1.0"

var constraintForm = regexp.MustCompile(`^(=|!=|>=|<=|>|<|~>)?\s*v?(\d+(?:\.\d+){0,2})$`)

// satisfies reports whether version fulfils a constraint such as ">= 0.1.0" or
// ">= 0.1, < 2". "~> 0.1" allows the last given part to grow: 0.9, but not 1.0.
func satisfies(version, constraint string) (bool, error) {
	for _, part := range strings.Split(constraint, ",") {
		m := constraintForm.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			return false, fmt.Errorf("%q is not a version constraint such as \">= 0.1.0\", \"~> 0.1\" or \"= 0.1.0\"", strings.TrimSpace(part))
		}
		have, want := versionParts(version), versionParts(m[2])
		order := compareVersions(have, want)
		var holds bool
		switch m[1] {
		case "", "=":
			holds = order == 0
		case "!=":
			holds = order != 0
		case ">=":
			holds = order >= 0
		case "<=":
			holds = order <= 0
		case ">":
			holds = order > 0
		case "<":
			holds = order < 0
		case "~>":
			fixed := max(strings.Count(m[2], "."), 1)
			holds = order >= 0 && compareVersions(have[:fixed], want[:fixed]) == 0
		}
		if !holds {
			return false, nil
		}
	}
	return true, nil
}

// versionParts is always three numbers.
func versionParts(version string) []int {
	parts := []int{0, 0, 0}
	for i, text := range strings.SplitN(version, ".", 3) {
		parts[i], _ = strconv.Atoi(text) // a number too large to read is the largest
	}
	return parts
}

func compareVersions(a, b []int) int {
	for i := range a {
		if a[i] != b[i] {
			return a[i] - b[i]
		}
	}
	return 0
}
