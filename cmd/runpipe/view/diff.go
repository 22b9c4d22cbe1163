package view

import (
	"strings"

	"github.com/runpipe/runpipe/pipeline/compare"
)

// ComparisonVersion is the version of what `diff --json` writes.
const ComparisonVersion = 1

// Comparison is what two runs differ in.
type Comparison struct {
	Version int              `json:"version"`
	Was     string           `json:"was"` // run ids
	Is      string           `json:"is"`
	Equal   bool             `json:"equal"`
	Changes []compare.Change `json:"changes"`
}

// Diff writes what `diff --json` is documented to write.
func (j JSON) Diff(c Comparison) error {
	c.Version, c.Equal = ComparisonVersion, len(c.Changes) == 0
	if c.Equal {
		c.Changes = []compare.Change{}
	}
	return j.encode(c)
}

// Diff shows the changes by topic.
func (h *Human) Diff(c Comparison) error {
	s := h.Screen
	lines := []string{c.Was + s.symbol(" → ", " -> ") + c.Is, ""}
	if len(c.Changes) == 0 {
		return s.print(append(lines, "They do not differ.")...)
	}
	return s.print(append(lines, h.changes(c.Changes)...)...)
}

// changes is a section for each topic.
func (h *Human) changes(all []compare.Change) []string {
	var lines []string
	for start := 0; start < len(all); {
		end := start
		var t table
		for ; end < len(all) && all[end].Topic == all[start].Topic; end++ {
			c := all[end]
			t = append(t, []cell{{text: c.Address}, {text: c.Name}, {text: h.change(c)}})
		}
		title := string(all[start].Topic)
		if start > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, h.section(strings.ToUpper(title[:1])+title[1:], t)...)
		start = end
	}
	return lines
}

// change is "was → is", or what was added or removed.
func (h *Human) change(c compare.Change) string {
	was, is := shortValue(c.Topic, c.Was), shortValue(c.Topic, c.Is)
	switch {
	case c.Was == "":
		return "added: " + is
	case c.Is == "":
		return "removed: " + was
	}
	return was + h.Screen.symbol(" → ", " -> ") + is
}

// shortValue is a value on one line, commits and digests shortened as everywhere.
func shortValue(t compare.Topic, value string) string {
	value = plain(strings.ReplaceAll(value, "\n", " "))
	switch {
	case (t == compare.Code || t == compare.Data) && len(value) == 40:
		return value[:7]
	case t == compare.Data && len(value) == 64:
		return value[:12]
	case strings.HasPrefix(value, "sha256:") && len(value) > 19:
		return value[:19]
	}
	return value
}
