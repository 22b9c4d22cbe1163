package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

type runsOptions struct {
	*app
	json bool
}

func newRuns(a *app) *cobra.Command {
	o := runsOptions{app: a}
	cmd := &cobra.Command{
		Use:     "runs [--json]",
		GroupID: groupLook,
		Short:   "List the runs of this workspace",
		Long: `Lists all runs of the workspace, the newest last, where a terminal shows it; with
the metrics of their evaluate stages.

--json writes {"version":1,"runs":[{"run","pipeline","name","executor","state",
"created","ended","stages","succeeded"}]}, in the same order.`,
		Example: `  runpipe runs
  runpipe runs --json | jq -r '.runs[] | select(.state == "running") | .run'`,
		Annotations:       statuses{0: "done, also if there are none", 1: "an error", 2: "wrong usage"}.annotation(),
		Args:              between(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON to stdout")
	return cmd
}

func (o *runsOptions) run(ctx context.Context) error {
	w, err := o.open()
	if errors.Is(err, workspace.ErrNone) {
		return o.reporter(o.json).Runs(nil)
	}
	if err != nil {
		return err
	}
	runs, faults := run.List(w)
	queues := o.queues()
	list := make([]run.Status, 0, len(runs))
	for _, r := range runs {
		st, err := queues.status(ctx, r)
		if err != nil {
			faults = errors.Join(faults, err)
			continue
		}
		list = append(list, st)
	}
	// Those that can be read are listed, whatever is wrong with the others.
	return errors.Join(o.reporter(o.json).Runs(list), faults)
}
