package view

import (
	"fmt"
	"strings"

	"github.com/runpipe/runpipe/pipeline/lock"
)

// Pins shows which pins are new or have moved, a line each.
func Pins(s *Screen, changes []lock.Change) error {
	var t table
	arrow := s.symbol("→", "->")
	for _, c := range changes {
		if c.Packages != "" {
			glyph, colour := "+", green
			if c.Moved {
				glyph, colour = "~", yellow
			}
			t = append(t, []cell{{text: glyph, style: colour, tight: true}, {text: c.Address}, {text: strings.ReplaceAll(c.Packages, "→", arrow)}, {}})
			continue
		}
		ref := c.Ref
		if ref == "" {
			ref = "default branch"
		}
		glyph, colour, text := "+", green, fmt.Sprintf("%s %s %.7s", ref, arrow, c.New)
		if c.Dirty {
			glyph, colour, text = "!", yellow, fmt.Sprintf("%s with uncommitted changes %s %.7s, for this run only", ref, arrow, c.New)
		}
		if c.Old != "" {
			glyph, colour, text = "~", yellow, fmt.Sprintf("%s moved %.7s %s %.7s", ref, c.Old, arrow, c.New)
		}
		t = append(t, []cell{{text: glyph, style: colour, tight: true}, {text: c.Address}, {text: text}, {text: c.Repository, style: dim}})
	}
	return s.print(s.lines(t, "", keeping)...)
}
