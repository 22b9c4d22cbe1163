package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/run"
)

type cancelOptions struct {
	*app
	args []string
	json bool
}

func newCancel(a *app) *cobra.Command {
	o := cancelOptions{app: a}
	cmd := &cobra.Command{
		Use:     "cancel [--json] [RUN] [ADDR]",
		GroupID: groupRun,
		Short:   "Cancel a run, or one of its stages",
		Long: `Cancels all stages of a run that have not ended, the newest run if none is named.
With ADDR only that stage, and those that depend on it. What has succeeded stays in
the store, and the next apply reuses it. Jobs that a controller which was killed has wait
still, though the run has ended, are cancelled too.

It returns when the scheduler knows; the jobs may take a moment to end.

--json writes {"version":1,"run","cancelled"}: the addresses of the stages.`,
		Example: `  runpipe cancel                 # the newest run
  runpipe cancel train.cnn       # one stage of it, and what depends on it
  runpipe cancel k3f9 train.cnn`,
		Annotations:       statuses{0: "done, also if all had ended already", 1: "an error, or no such run or stage", 2: "wrong usage"}.annotation(),
		Args:              between(0, 2),
		ValidArgsFunction: a.completeRunAndStage,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args = args
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON to stdout")
	return cmd
}

func (o *cancelOptions) run(ctx context.Context) error {
	r, address, err := o.runAndStage(o.args)
	if err != nil {
		return err
	}
	x, err := o.executorOf(r)
	if err != nil {
		return err
	}
	var addresses []string
	if address != "" {
		addresses = []string{address}
	}
	cancelled, err := run.Cancel(ctx, r, x, addresses, o.submitter())
	if err != nil {
		return err
	}
	return o.reporter(o.json).Cancelled(view.Cancellation{Run: r.Run, Cancelled: cancelled})
}
