package view

import (
	"fmt"

	"github.com/runpipe/runpipe/pipeline/compare"
)

// VerificationVersion is the version of what `verify --json` writes.
const VerificationVersion = 1

// Verification is what was found of a run's results.
type Verification struct {
	Version int                `json:"version"`
	Run     string             `json:"run"`
	Holds   bool               `json:"holds"`
	Stages  []compare.Verified `json:"stages"`
}

// Verify writes what `verify --json` is documented to write.
func (j JSON) Verify(v Verification) error {
	v.Version = VerificationVersion
	return j.encode(v)
}

// Verify shows a line a stage, and under it what differs.
func (h *Human) Verify(v Verification) error {
	s := h.Screen
	var t table
	for _, stage := range v.Stages {
		glyph, colour := s.symbol("✓", "+"), green
		if !stage.Holds() {
			glyph, colour = s.symbol("✗", "x"), red
		} else if stage.State == compare.Unfinished {
			glyph, colour = s.symbol("–", "-"), dim
		}
		t = append(t, []cell{{text: glyph, style: colour, tight: true}, {text: stage.Address}, {text: string(stage.State), style: colour}, {text: soundness(stage)}})
		for _, d := range stage.Differences {
			t = append(t, []cell{{}, {}, {}, {text: plain(d.String())}})
		}
	}
	verdict := s.paint(green, "All is as it was recorded.")
	if !v.Holds {
		verdict = s.paint(red, "Not all is as it was recorded.")
	}
	return s.print(append(s.lines(t, "", keeping), "", verdict)...)
}

// soundness is what is to be said of a stage besides its state.
func soundness(v compare.Verified) string {
	switch v.State {
	case compare.Replaced:
		return "run " + v.By + " has made it again, and it came out otherwise"
	case compare.Absent:
		return "it is no longer in the store"
	case compare.Unfinished:
		return "it made nothing in this run"
	case compare.Damaged:
		return count(len(v.Differences), "difference")
	}
	return fmt.Sprintf("%s, %s", count(v.Files, "file"), Size(v.Bytes))
}
