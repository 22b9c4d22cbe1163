package plan

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sort"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// Action is what happens to a stage.
type Action string

// The actions.
const (
	Run   Action = "run"
	Reuse Action = "reuse" // its key is in the store, whole
)

// Plan is what an apply would do, in the order of dependencies.
type Plan struct {
	Name    string // of the pipeline
	File    string // its path, absolute
	Stages  []*Stage
	Outputs []pipeline.Output

	workspace *workspace.Workspace
	executor  string
	wanted    []lock.Wanted   // what the clones ask for, with the credentials that a URL may hold
	data      []pipeline.Data // likewise
}

// Stage is one stage of a plan.
type Stage struct {
	*stages.Stage
	Action      Action
	Reasons     []string          // why it runs; empty when it is reused
	Pins        map[string]string // address → commit, of itself and of the stages it uses
	Ingredients map[string]any    // what its key was made from
	Record      *record.Record    // of the reused stage, judged by today's checks; else nil
	Replace     bool              // it runs although the store has its key

	before *previous // of an earlier run, under the same key; or nil
}

// Options says what to plan.
type Options struct {
	Pipeline  *pipeline.Pipeline
	Lock      *lock.File
	Workspace string   // path of the workspace, whether or not it exists yet
	Executor  string   // "slurm" or "local"
	Rerun     []string // addresses that run whatever the store has
}

// Make evaluates the pipeline with the pins of the lock file and compares each
// stage with the store and with the run before. It needs no network, no
// repository and no scheduler.
func Make(_ context.Context, o Options) (*Plan, hcl.Diagnostics) {
	w := &workspace.Workspace{Root: o.Workspace}
	facts := newFacts(o.Pipeline, o.Lock, w)
	evaluated, diags := o.Pipeline.Evaluate(facts)
	diags = append(diags, facts.mispinned()...)
	if diags.HasErrors() {
		return nil, diags
	}
	diags = append(diags, unknownReruns(o.Rerun, evaluated.Stages)...)
	diags = append(diags, unfit(o.Executor, evaluated.Stages)...)
	if diags.HasErrors() {
		return nil, diags
	}
	p := &Plan{
		Name: o.Pipeline.Name, File: o.Pipeline.Path, Outputs: evaluated.Outputs,
		workspace: w, executor: o.Executor, wanted: Wanted(o.Pipeline), data: o.Pipeline.Data(),
	}
	diags = append(diags, p.decide(evaluated.Stages, o.Rerun)...)
	if diags.HasErrors() {
		return nil, diags
	}
	return p, diags
}

// decide walks the stages, dependencies first.
func (p *Plan) decide(all []*stages.Stage, reruns []string) (diags hcl.Diagnostics) {
	forced := map[string]bool{}
	for _, address := range reruns {
		forced[address] = true
	}
	keys, pinned := map[string]string{}, pinnedOf(all)
	before := previousStages(p.workspace, p.File)
	byAddress := map[string]*Stage{}
	for _, s := range all {
		address := s.Address.String()
		keys[address] = s.Key
		stage := &Stage{
			Stage: s, Action: Reuse, Pins: stages.Pins(s, pinned),
			Ingredients: stages.Ingredients(s, keys, p.workspace.Root),
		}
		finished, missing, err := stored(p.workspace, s.Key)
		if err != nil {
			diags = append(diags, diagnostic(s.Range, "Made by another runpipe", fmt.Sprintf("What %s has made cannot be used, and is left alone: %s.", address, err)))
		}
		if b, ok := before[address]; ok && b.Key == s.Key {
			stage.before = &b
		}
		p.settle(stage, finished, missing, forced[address], byAddress, before)
		byAddress[address] = stage
		p.Stages = append(p.Stages, stage)
	}
	return diags
}

// settle decides on one stage whose upstreams are settled, and of which the store
// has what stored says.
func (p *Plan) settle(s *Stage, finished *record.Record, missing string, forced bool, settled map[string]*Stage, before map[string]previous) {
	s.Dirty = s.Clone != nil && s.Clone.Pin.Dirty || slices.ContainsFunc(s.Inputs, func(address string) bool {
		up := settled[address]
		return up != nil && up.Dirty
	})
	upstream, replaced := rerunUpstreams(s, settled)
	run := func(reasons ...string) {
		// Until it runs, another run may store what it made from the upstream's old outputs.
		s.Action, s.Reasons, s.Replace = Run, reasons, finished != nil || missing != "" || replaced
	}
	switch remade := remadeUpstreams(s, finished, settled); {
	case forced:
		run("--rerun was given")
	case finished != nil && len(upstream) > 0:
		run(upstream...)
	case len(remade) > 0:
		run(remade...)
	case finished != nil:
		s.Record = judged(finished, s.Checks, settled)
	case missing != "":
		run(missing)
	default:
		run(reasons(s, before[s.Address.String()], settled)...)
	}
}

// rerunUpstreams names the upstreams that make a stored stage stale although
// its key is unchanged: they compute their outputs again, and a second training
// need not give the same bits. replaced reports whether one of them does so
// under a key that the store has.
func rerunUpstreams(s *Stage, settled map[string]*Stage) (reasons []string, replaced bool) {
	for _, address := range s.Inputs {
		up := settled[address]
		if up != nil && up.Action == Run && !up.reproducible() {
			reasons = append(reasons, "upstream "+address+" runs")
			replaced = replaced || up.Replace
		}
	}
	return reasons, replaced
}

// remadeUpstreams names the upstreams whose outputs in the store are not those
// that the finished stage was made from: they ran again since, and this stage did
// not get that far.
func remadeUpstreams(s *Stage, finished *record.Record, settled map[string]*Stage) []string {
	if finished == nil {
		return nil
	}
	var reasons []string
	for _, address := range s.Inputs {
		up := settled[address]
		if up != nil && up.Record != nil && !up.reproducible() && finished.MadeFromAnother(up.Record) {
			reasons = append(reasons, "upstream "+address+" was made again")
		}
	}
	return reasons
}

// reproducible reports whether the stage's key determines its outputs to the
// bit, as that of a checkout does, or as far as anyone may tell: an environment is
// made of the packages that its key names.
func (s *Stage) reproducible() bool {
	return s.Clone != nil || s.Venv != nil || s.Layer != nil || s.Data != nil
}

func pinnedOf(all []*stages.Stage) map[string]stages.Pinned {
	pinned := map[string]stages.Pinned{}
	for _, s := range all {
		if p, ok := s.Pinned(); ok {
			pinned[s.Address.String()] = p
		}
	}
	return pinned
}

// Workspace is the path of the workspace that the plan was made for.
func (p *Plan) Workspace() string { return p.workspace.Root }

// Executor is the executor that the plan was made for.
func (p *Plan) Executor() string { return p.executor }

// Count tells how many stages have the action.
func (p *Plan) Count(a Action) int {
	n := 0
	for _, s := range p.Stages {
		if s.Action == a {
			n++
		}
	}
	return n
}

// Modules lists the modules that stages to be run load, sorted.
func (p *Plan) Modules() []string {
	seen := map[string]bool{}
	var names []string
	for _, s := range p.Stages {
		for _, name := range s.Modules {
			if s.Action == Run && !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	sort.Strings(names)
	return names
}

// Dirty reports whether anything of the plan was not committed.
func (p *Plan) Dirty() bool {
	return slices.ContainsFunc(p.Stages, func(s *Stage) bool { return s.Dirty })
}

// GPUStages lists the addresses of the stages to be run that ask for GPUs.
func (p *Plan) GPUStages() []string {
	var addresses []string
	for _, s := range p.Stages {
		if s.Action == Run && s.Resources.GPUs > 0 {
			addresses = append(addresses, s.Address.String())
		}
	}
	return addresses
}

// base is the pipeline's file name, for comments and messages.
func (p *Plan) base() string { return filepath.Base(p.File) }
