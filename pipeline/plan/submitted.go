package plan

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// SubmittedVersion is the version of run.json that this program writes and reads.
const SubmittedVersion = 1

// SubmittedFile is the name of run.json within a run's folder.
const SubmittedFile = "run.json"

// Submitted is run.json: a plan as it was submitted, never changed afterwards.
type Submitted struct {
	Version  int               `json:"version"`
	Run      string            `json:"run"`
	Name     string            `json:"name,omitempty"` // given by --name
	Pipeline string            `json:"pipeline"`
	File     string            `json:"file"` // the pipeline's path
	Executor string            `json:"executor"`
	Created  time.Time         `json:"created"`
	User     string            `json:"user"`
	Host     string            `json:"host"`
	Runpipe  string            `json:"runpipe"` // version
	Stages   []SubmittedStage  `json:"stages"`  // dependencies first
	Outputs  []SubmittedOutput `json:"outputs,omitempty"`
}

// SubmittedOutput is the value of an output block.
type SubmittedOutput struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Value       string `json:"value"`
}

// SubmittedStage is one stage of run.json.
type SubmittedStage struct {
	Address     string            `json:"address"`
	Kind        string            `json:"kind"`
	Key         string            `json:"key"`
	Action      Action            `json:"action"`
	Reasons     []string          `json:"reasons,omitempty"`
	After       []string          `json:"after,omitempty"`
	Inputs      []string          `json:"inputs,omitempty"`
	Pins        map[string]string `json:"pins,omitempty"`
	Dirty       bool              `json:"dirty,omitempty"` // see stages.Stage
	Ingredients map[string]any    `json:"ingredients"`
	Outputs     map[string]string `json:"outputs,omitempty"`   // name → absolute path, once it has succeeded
	Downloads   []string          `json:"downloads,omitempty"` // sha256 of each file that was brought here for it
	Limit       time.Duration     `json:"limit,omitempty"`     // time limit, in nanoseconds
	Reused      *record.Record    `json:"reused,omitempty"`    // of a reused stage, as it was judged
}

// Submitted is the plan as run.json keeps it, but for what only the run knows
// (its id, its name, and when and by whom it was made).
func (p *Plan) Submitted() *Submitted {
	s := &Submitted{Version: SubmittedVersion, Pipeline: p.Name, File: p.File, Executor: p.executor}
	for _, stage := range p.Stages {
		outputs := map[string]string{}
		for name, path := range stage.Outputs {
			outputs[name] = p.workspace.Output(stage.Key, path)
		}
		s.Stages = append(s.Stages, SubmittedStage{
			Address: stage.Address.String(), Kind: stage.Address.Kind, Key: stage.Key,
			Action: stage.Action, Reasons: stage.Reasons, After: stage.After, Inputs: stage.Inputs,
			Pins: stage.Pins, Dirty: stage.Dirty, Ingredients: stage.Ingredients, Outputs: outputs,
			Downloads: p.downloads(stage), Limit: stage.Resources.Time, Reused: stage.Record,
		})
	}
	return s
}

// downloads lists what the workspace keeps for a stage under its digest.
func (p *Plan) downloads(s *Stage) []string {
	switch {
	case s.Data != nil:
		return s.Data.Downloads()
	case s.Clone != nil && s.Action == Reuse && s.before != nil:
		return s.before.Downloads // the same key is the same tree, which need not be walked again
	case s.Clone != nil:
		return p.largeOf(s)
	}
	return nil
}

// previous is a stage as an earlier run of the same pipeline submitted it.
type previous struct {
	SubmittedStage
	keys   map[string]string // address → key, of the whole run
	folder string            // of the stage in that run
}

// finished reports whether that run had the stage's result: it reused it, or made it.
func (p previous) finished() bool {
	if p.Action == Reuse {
		return true
	}
	attempts, _ := fs.Glob(os.DirFS(p.folder), "attempt-*") // the pattern is well-formed
	return slices.ContainsFunc(attempts, func(name string) bool {
		r, err := record.Read(filepath.Join(p.folder, name))
		return err == nil && r.State == record.Succeeded
	})
}

// previousStages maps addresses to the newest run of the pipeline at file, or
// to nothing if there was none. Runs that cannot be read are passed over: they
// only serve to give reasons.
func previousStages(w *workspace.Workspace, file string) map[string]previous {
	files, _ := fs.Glob(os.DirFS(w.Runs()), "*/"+SubmittedFile) // the pattern is well-formed
	sort.Sort(sort.Reverse(sort.StringSlice(files)))            // run ids sort by time
	for _, path := range files {
		var run Submitted
		if workspace.ReadJSON(filepath.Join(w.Runs(), path), &run, SubmittedVersion) != nil || run.File != file {
			continue
		}
		found, keys := map[string]previous{}, map[string]string{}
		for _, s := range run.Stages {
			keys[s.Address] = s.Key
			earlier := previous{SubmittedStage: s, keys: keys}
			if address, err := stages.ParseAddress(s.Address); err == nil {
				earlier.folder = w.Stage(filepath.Dir(path), address)
			}
			found[s.Address] = earlier
		}
		return found
	}
	return nil
}
