package view

import (
	"fmt"
	"strings"

	"github.com/runpipe/runpipe/pipeline/compare"
)

// ReproductionVersion is the version of what `reproduce --json` writes.
const ReproductionVersion = 1

// Reproduction is how far a run was reproduced by another.
type Reproduction struct {
	Version    int    `json:"version"`
	Run        string `json:"run"`
	By         string `json:"by"`
	Folder     string `json:"folder"` // of the run that reproduces it
	Reproduced bool   `json:"reproduced"`
	compare.Judgement
}

// Judge writes what `reproduce --json` is documented to write.
func (j JSON) Judge(r Reproduction) error {
	r.Version, r.Reproduced = ReproductionVersion, r.Verdict.Reproduced()
	if r.Asked == nil {
		r.Asked = []compare.Change{}
	}
	if r.Drift == nil {
		r.Drift = []compare.Change{}
	}
	return j.encode(r)
}

// verdictStyles colours the verdicts.
var verdictStyles = map[compare.Verdict]style{
	compare.Identical: green, compare.WithinTolerance: green, compare.Drifted: yellow, compare.Different: red, compare.Failed: red,
}

// Judge shows what was asked for otherwise, what drifted, a line a stage, the metrics that are not equal, and
// the verdict.
func (h *Human) Judge(r Reproduction) error {
	s := h.Screen
	lines := []string{fmt.Sprintf("%s, reproduced by %s", r.Run, r.By), ""}
	if len(r.Asked) > 0 {
		lines = append(lines, s.paint(yellow, "The runs were not asked for the same:"))
		lines = append(append(lines, h.changes(r.Asked)...), "")
	}
	if len(r.Drift) > 0 {
		lines = append(append(lines, h.changes(r.Drift)...), "")
	}
	var t table
	for _, stage := range r.Stages {
		t = append(t, []cell{{text: stage.Address}, {text: string(stage.Verdict), style: verdictStyles[stage.Verdict]}, {text: plain(strings.Join(stage.Reasons, "; "))}})
		for _, m := range stage.Metrics {
			if m.Was == nil || m.Is == nil || *m.Was != *m.Is {
				t = append(t, []cell{{}, {}, {text: h.measured(m)}})
			}
		}
	}
	lines = append(lines, s.lines(t, "", keeping)...)
	lines = append(lines, "", s.paint(verdictStyles[r.Verdict], string(r.Verdict)))
	return s.print(append(lines, s.lines(facts("results", r.Folder), "", keeping)...)...)
}

// measured is one metric of both runs.
func (h *Human) measured(m compare.Metric) string {
	value := func(v *float64) string {
		if v == nil {
			return "nothing"
		}
		return fmt.Sprint(*v)
	}
	pair := m.Name + " " + value(m.Was) + h.Screen.symbol(" → ", " -> ") + value(m.Is)
	switch {
	case m.Tolerance == "":
		return pair + ", and has no tolerance"
	case m.Holds:
		return pair + ", within " + m.Tolerance
	}
	return pair + ", not within " + m.Tolerance
}
