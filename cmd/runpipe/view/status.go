package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/pipeline/run"
)

// Status writes what `status --json` is documented to write.
func (j JSON) Status(o Outcome) error {
	for i := range o.Stages {
		if o.Stages[i].Metrics == nil {
			o.Stages[i].Metrics = map[string]float64{}
		}
	}
	return j.encode(o.Status)
}

// Status shows a run: a line a stage, then what is worth knowing about it now.
func (h *Human) Status(o Outcome) error {
	lines := append(wrap(h.headline(o.Status), h.Screen.Width(), "  "), "")
	lines = append(lines, h.stages(o.Status)...)
	for _, section := range [][]string{
		h.failures(o.Status), h.checks(o.Status), h.metrics(o.Status), h.outputs(o), h.stale(o.Status), h.full(o.Status),
	} {
		if len(section) > 0 {
			lines = append(append(lines, ""), section...)
		}
	}
	return h.Screen.print(lines...)
}

func (h *Human) headline(st run.Status) string {
	s := h.Screen
	name := st.Pipeline
	if st.Name != "" {
		name += " (" + st.Name + ")"
	}
	took := h.Now().Sub(st.Created)
	verb := " for "
	if st.Ended != nil {
		took, verb = st.Ended.Sub(st.Created), " in "
	}
	if st.State == run.Failed || st.State == run.Cancelled {
		verb = " after "
	}
	_, colour := s.mark(run.StageStatus{State: st.State})
	line := fmt.Sprintf("%s  %s  %s%s%s on %s, started %s", s.paint(bold, name), st.Run,
		s.paint(colour, string(st.State)), verb, Duration(took), st.Executor, moment(st.Created, h.Now()))
	if st.Dirty {
		line += ", " + s.paint(yellow, "dirty")
	}
	return line
}

// stages is the table of a run's stages.
func (h *Human) stages(st run.Status) []string {
	var t table
	for _, stage := range st.Stages {
		glyph, colour := h.Screen.mark(stage)
		t = append(t, []cell{
			{text: glyph, style: colour, tight: true},
			{text: stage.Address},
			{text: word(stage), style: colour},
			{text: h.took(stage), right: true},
			{text: h.detail(st, stage)},
		})
	}
	return h.Screen.lines(t, "", wrapping)
}

// took is how long a stage has run. A reused one took nothing of this run's time.
func (h *Human) took(stage run.StageStatus) string {
	switch {
	case stage.Reused || stage.Started == nil:
		return ""
	case stage.Ended != nil:
		return Duration(stage.Ended.Sub(*stage.Started))
	case stage.State.Ended():
		return ""
	}
	return elapsed(h.Now().Sub(*stage.Started))
}

// place is where a stage runs or ran.
func place(stage run.StageStatus) string {
	if stage.State == run.Waiting { // its job is not the next thing to look at
		return ""
	}
	var words []string
	if stage.Node != "" && !stage.Reused {
		words = append(words, stage.Node)
	}
	if stage.Job != "" && !stage.Reused {
		words = append(words, "job "+stage.Job)
	}
	if stage.Attempts > 1 {
		words = append(words, fmt.Sprintf("attempt %d", stage.Attempts))
	}
	return strings.Join(words, " ")
}

// detail is all that a line about a stage says after its state. Why a stage has
// failed is told at length elsewhere. On the local executor every stage is here.
func (h *Human) detail(st run.Status, stage run.StageStatus) string {
	var parts []string
	if where := place(stage); where != "" && st.Executor != "local" {
		parts = append(parts, where)
	}
	if stage.State == run.Failed {
		parts = append(parts, metrics(stage.Metrics))
	} else {
		parts = append(parts, remark(stage))
	}
	parts = append(parts, h.held(stage))
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "  ")
}

// held names the checks of a stage that held: "✓ good enough", or "✓ 4 checks"
// where there are many.
func (h *Human) held(stage run.StageStatus) string {
	var names []string
	for _, c := range stage.Checks {
		if c.Passed {
			names = append(names, plain(c.Name))
		}
	}
	tick := h.Screen.symbol("✓", "+") + " "
	switch len(names) {
	case 0:
		return ""
	case 1, 2:
		return tick + strings.Join(names, ", ")
	}
	return tick + count(len(names), "check")
}

// remark is a stage's metrics once it succeeded, and why it stands where it stands,
// which of a success is told only if its record is damaged.
func remark(stage run.StageStatus) string {
	first, _, _ := strings.Cut(plainLines(stage.Reason), "\n")
	if stage.State == run.Succeeded {
		return strings.TrimSpace(metrics(stage.Metrics) + "  " + first)
	}
	return strings.TrimPrefix(first, string(stage.State)+" ") // "cancelled by ada" after "cancelled"
}

func (h *Human) full(st run.Status) []string {
	if st.Full == "" {
		return nil
	}
	return wrap(h.Screen.paint(yellow, "Note:")+" there is no space left in the file system of "+plain(st.Full)+
		": jobs fail, and cannot write down why. Free some (runpipe gc frees what no kept run needs), and apply again.", h.Screen.Width(), "")
}

func (h *Human) stale(st run.Status) []string {
	if st.Stale == "" {
		return nil
	}
	return wrap(h.Screen.paint(yellow, "Note:")+" the scheduler could not be asked ("+plain(st.Stale)+
		"); what stands here is the last that is known.", h.Screen.Width(), "")
}
