package view

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/runpipe/runpipe/pipeline/plan"
)

// PlanVersion is the version of what `plan --json` writes.
const PlanVersion = 1

// Planned is a plan with the scripts of the stages that run.
type Planned struct {
	*plan.Plan
	Scripts map[string]string // address → job.sh
	Refused map[string]string // address → why Slurm would refuse it
}

type planJSON struct {
	Version  int           `json:"version"`
	Pipeline string        `json:"pipeline"`
	File     string        `json:"file"`
	Executor string        `json:"executor"`
	Stages   []plannedJSON `json:"stages"`
}

type plannedJSON struct {
	Address string            `json:"address"`
	Kind    string            `json:"kind"`
	Action  plan.Action       `json:"action"`
	Reasons []string          `json:"reasons"`
	Key     string            `json:"key"`
	After   []string          `json:"after"`
	Pins    map[string]string `json:"pins"`
	Dirty   bool              `json:"dirty,omitempty"`
	Script  string            `json:"script,omitempty"`
	Refused string            `json:"refused,omitempty"`
}

// Plan writes what `plan --json` is documented to write.
func (j JSON) Plan(p Planned) error {
	out := planJSON{Version: PlanVersion, Pipeline: p.Name, File: p.File, Executor: p.Executor(), Stages: []plannedJSON{}}
	for _, s := range p.Stages {
		one := plannedJSON{
			Address: s.Address.String(), Kind: s.Address.Kind, Action: s.Action, Reasons: s.Reasons,
			Key: s.Key, After: s.After, Pins: s.Pins, Dirty: s.Dirty, Script: p.Scripts[s.Address.String()],
			Refused: p.Refused[s.Address.String()],
		}
		if one.Reasons == nil {
			one.Reasons = []string{}
		}
		if one.After == nil {
			one.After = []string{}
		}
		if one.Pins == nil {
			one.Pins = map[string]string{}
		}
		out.Stages = append(out.Stages, one)
	}
	return j.encode(out)
}

// Plan shows what would happen to each stage, and why.
func (h *Human) Plan(p Planned) error {
	s := h.Screen
	t := make(table, 0, len(p.Stages))
	for _, stage := range p.Stages {
		glyph, colour := "+", green
		if stage.Action == plan.Reuse {
			glyph, colour = "=", dim
		}
		t = append(t, []cell{
			{text: glyph, style: colour, tight: true}, {text: stage.Address.String()},
			{text: string(stage.Action), style: colour}, {text: planDetail(stage, s.Unicode)},
		})
	}
	lines := []string{s.paint(bold, p.Name) + fmt.Sprintf("  %s on %s", filepath.Base(p.File), p.Executor()), ""}
	lines = append(lines, s.lines(t, "", wrapping)...)
	summary := fmt.Sprintf("%d to run, %d reused.", p.Count(plan.Run), p.Count(plan.Reuse))
	if p.Dirty() {
		summary += " " + s.paint(yellow, "Dirty:") + " uncommitted changes are run, which nobody else can fetch."
	}
	lines = append(lines, "", s.paint(bold, "Plan:")+" "+summary)
	for _, stage := range p.Stages {
		if why := p.Refused[stage.Address.String()]; why != "" {
			lines = append(lines, wrap(s.paint(red, "Refused:")+" "+stage.Address.String()+": "+plain(why), s.Width(), "  ")...)
		}
	}
	return s.print(lines...)
}

// planDetail is why a stage runs, the commit that a clone checks out or data is from,
// and what a stage waits for.
func planDetail(stage *plan.Stage, unicode bool) string {
	var parts []string
	if len(stage.Reasons) > 0 {
		parts = append(parts, strings.Join(stage.Reasons, "; "))
	}
	if stage.Clone != nil && stage.Clone.Pin.Commit != "" {
		parts = append(parts, pinned(stage.Clone.Ref, stage.Clone.Pin.Commit))
	}
	if stage.Data != nil && stage.Data.Commit != "" {
		parts = append(parts, pinned(stage.Data.Ref(), stage.Data.Commit))
	}
	if stage.Dirty {
		parts = append(parts, "dirty")
	}
	if stage.Action == plan.Run && len(stage.After) > 0 {
		parts = append(parts, "after "+strings.Join(stage.After, ", "))
	}
	text := plain(strings.Join(parts, "; "))
	if !unicode {
		text = strings.NewReplacer("→", "->", "…", "...").Replace(text)
	}
	return text
}

// pinned says which commit a ref stands for.
func pinned(ref, commit string) string {
	if ref == "" {
		ref = "default branch"
	}
	if strings.HasPrefix(commit, ref) {
		return fmt.Sprintf("commit %.7s", commit)
	}
	return fmt.Sprintf("%s at %.7s", ref, commit)
}
