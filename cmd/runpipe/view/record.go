package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
)

// ShowVersion is the version of what `show --json` writes.
const ShowVersion = 1

// Shown is one stage with all that is known of it.
type Shown struct {
	Status run.StageStatus     `json:"status"`
	Plan   plan.SubmittedStage `json:"plan"`
	Folder string              `json:"folder"`           // with job.sh and job.json; absent in a reused stage's run
	Record *record.Record      `json:"record,omitempty"` // what the job wrote
}

// ShownRun is a run with its stages, or with the one that was asked for.
type ShownRun struct {
	Version int        `json:"version"`
	Run     run.Status `json:"run"`
	File    string     `json:"file"`
	User    string     `json:"user"`
	Host    string     `json:"host"`
	Runpipe string     `json:"runpipe"`
	Stages  []Shown    `json:"stages"`
}

// Show writes what `show --json` is documented to write.
func (j JSON) Show(r ShownRun) error {
	r.Version = ShowVersion
	return j.encode(r)
}

// Show shows a run's origin, and each stage at length.
func (h *Human) Show(r ShownRun) error {
	s := h.Screen
	lines := wrap(h.headline(r.Run), s.Width(), "  ")
	lines = append(lines, s.lines(facts("file", r.File, "by", r.User+"@"+r.Host, "runpipe", r.Runpipe), "  ", keeping)...)
	for _, stage := range r.Stages {
		_, colour := s.mark(stage.Status)
		lines = append(lines, "", s.paint(bold, stage.Status.Address)+"  "+s.paint(colour, word(stage.Status)))
		lines = append(lines, s.lines(h.about(stage), "  ", keeping)...)
	}
	return s.print(lines...)
}

// about is the table of what is known of a stage, without empty lines in it.
func (h *Human) about(stage Shown) table {
	st := stage.Status
	t := facts("reason", plainLines(st.Reason), "why it ran", strings.Join(stage.Plan.Reasons, "; "),
		"took", h.took(st), "where", place(st), "key", st.Key, "after", strings.Join(stage.Plan.After, ", "))
	t = append(t, pairs("pin", stage.Plan.Pins)...)
	if st.Dirty {
		t = append(t, facts("dirty", "its code, or what it was made from, was not committed")...)
	}
	if r := stage.Record; r != nil {
		t = append(t, facts("command", commandLine(r.Command))...)
		t = append(t, pairs("env", r.Env)...)
		t = append(t, provenance(r)...)
		for _, g := range r.GPUs {
			t = append(t, facts("gpu", gpu(g))...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(st.Metrics)) {
		t = append(t, facts("metric", name+" = "+Metric(st.Metrics[name]))...)
	}
	for _, c := range st.Checks {
		t = append(t, facts("check", c.Name+": "+verdict(c))...)
	}
	t = append(t, h.made(stage)...)
	script := ""
	if stage.Folder != "" {
		script = stage.Folder + "/job.sh"
	}
	return append(t, facts("log", st.Log, "working copy", st.Work, "script", script)...)
}

// made lists the outputs, with size and digest where the record has them.
func (h *Human) made(stage Shown) table {
	var t table
	for _, name := range slices.Sorted(maps.Keys(stage.Status.Outputs)) {
		text := name + " = " + stage.Status.Outputs[name]
		if stage.Record != nil {
			for _, o := range stage.Record.Outputs {
				if o.Name == name {
					text += fmt.Sprintf(" (%s, %s, %.19s)", Size(o.Size), count(o.Files, "file"), o.Digest)
				}
			}
		}
		t = append(t, facts("output", text)...)
	}
	return t
}

func verdict(c record.Check) string {
	switch {
	case c.Passed:
		return "held"
	case c.Warn:
		return "warning: " + plain(c.Message)
	}
	return "did not hold: " + plain(c.Message)
}

func gpu(g record.GPU) string {
	text := fmt.Sprintf("%d %s", g.Index, g.Model)
	if g.PeakMemory != nil {
		text += ", at most " + Size(*g.PeakMemory)
	}
	if g.MeanUse != nil {
		text += fmt.Sprintf(", %.0f%% in use", *g.MeanUse)
	}
	return text
}

// facts makes a row of each name and value; those without a value are left out.
func facts(namesAndValues ...string) table {
	var t table
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if value := namesAndValues[i+1]; value != "" {
			t = append(t, []cell{{text: namesAndValues[i], style: dim}, {text: strings.ReplaceAll(value, "\n", " ")}})
		}
	}
	return t
}

func pairs(name string, values map[string]string) table {
	var t table
	for _, key := range slices.Sorted(maps.Keys(values)) {
		t = append(t, facts(name, key+" = "+plain(values[key]))...)
	}
	return t
}

// commandLine shows an argv as it would be typed.
func commandLine(argv []string) string {
	words := make([]string, len(argv))
	for i, arg := range argv {
		words[i] = ShellWord(arg)
	}
	return strings.Join(words, " ")
}
