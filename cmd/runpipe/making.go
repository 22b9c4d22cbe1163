package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/pipeline/plan"
)

// making is how plan and apply come from a file to a plan.
type making struct {
	source   source
	executor string // as given to --executor
	locked   bool
	dirty    bool // run uncommitted changes
	rerun    []string
}

func (m *making) flags(a *app, cmd *cobra.Command) {
	m.source.flags(cmd)
	a.executorFlag(cmd, &m.executor)
	cmd.Flags().BoolVar(&m.locked, "locked", false, "fail if the lock file would have to change")
	cmd.Flags().BoolVar(&m.dirty, "allow-dirty", false, "run uncommitted changes, from a private commit that the lock file does not hold")
	cmd.Flags().StringArrayVar(&m.rerun, "rerun", nil, "run the stage `ADDR` although it is in the store; may be given again")
}

// made is a plan with what it was made from.
type made struct {
	pipeline *pipeline.Pipeline
	plan     *plan.Plan
	changes  []lock.Change // of the lock file
}

// make loads the pipeline, pins it, and plans it for the executor. With dry set
// the lock file is not written.
func (m *making) make(ctx context.Context, a *app, executor string, dry bool) (*made, error) {
	p, err := a.load(m.source)
	if err != nil {
		return nil, err
	}
	root, err := a.root()
	if err != nil {
		return nil, err
	}
	pins := pinning{app: a, pipeline: p, root: root, locked: m.locked, dry: dry}
	if m.dirty {
		pins.dirty = lock.CommitPrivately
	}
	changes, err := pins.run(ctx)
	if err != nil {
		return nil, err
	}
	planned, diags := plan.Make(ctx, plan.Options{Pipeline: p, Lock: pins.file, Workspace: root, Executor: executor, Rerun: m.rerun})
	if err := a.diagnoseUnless(ctx, diags, p.Files); err != nil {
		return nil, err
	}
	if len(planned.Stages) == 0 {
		return nil, fmt.Errorf("%s has no stage to run: \"runpipe init\" writes a pipeline to start from", m.source.path)
	}
	return &made{p, planned, changes}, nil
}
