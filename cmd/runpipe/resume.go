package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm"
)

type resumeOptions struct {
	*app
	id     string
	detach bool
	json   bool
}

func newResume(a *app) *cobra.Command {
	o := resumeOptions{app: a}
	cmd := &cobra.Command{
		Use:     "resume [--detach] [--json] [RUN]",
		GroupID: groupRun,
		Short:   "Complete a run whose submission was cut short, or forgotten",
		Long: `Goes on where an apply was killed while it submitted its jobs (the newest run's, if
none is named), and then watches. Jobs that were accepted are found again, so that
none is submitted twice; if the chain cannot be completed, all of it is taken back.
Jobs that a restarted controller holds, having forgotten that they were let go, are
let go again.

The values of pass_env are taken from this environment. Those of sensitive variables
are stored nowhere: where they are still needed, apply the pipeline's file again.`,
		Example:           "  runpipe resume\n  runpipe resume k3f9 --detach",
		Annotations:       outcomeStatuses("it was interrupted"),
		Args:              between(0, 1),
		ValidArgsFunction: a.completeRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.id = args[0]
			}
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&o.detach, "detach", false, "complete the submission and leave")
	cmd.Flags().BoolVar(&o.json, "json", false, "write the run's status as JSON to stdout")
	return cmd
}

func (o *resumeOptions) run(ctx context.Context) error {
	outliveReader()
	r, err := o.pick(o.id)
	if err != nil {
		return err
	}
	x, err := o.executorToResume(r)
	if err != nil {
		return err
	}
	i := listen()
	defer i.stop()
	resumed := false
	sig, err := i.during(ctx, func(ctx context.Context) (err error) {
		resumed, err = run.Resume(ctx, r, x, o.submitter())
		return err
	})
	switch {
	case err != nil && sig != nil:
		return &interruptedError{"interrupted: " + err.Error()}
	case err != nil:
		return err
	case !resumed:
		o.err.Say(fmt.Sprintf("The submission of run %s is complete.", r.Run))
	}
	if sig != nil {
		o.goesOn(r)
		return &interruptedError{}
	}
	return o.follow(ctx, i, r, x)
}

func (o *resumeOptions) follow(ctx context.Context, i *interrupts, r *run.Run, x slurm.Executor) error {
	apply := applyOptions{app: o.app, detach: o.detach, json: o.json, attached: true}
	if o.detach {
		return apply.leave(ctx, r, x)
	}
	return apply.watch(ctx, i, r, x)
}
