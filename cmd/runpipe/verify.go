package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/compare"
)

type verifyOptions struct {
	*app
	json bool
}

func newVerify(a *app) *cobra.Command {
	o := verifyOptions{app: a}
	cmd := &cobra.Command{
		Use:     "verify [--json] [RUN] [ADDR]",
		GroupID: groupCompare,
		Short:   "Digest a run's results again",
		Long: `Reads every file that the stages of a run have made, the newest run if none is named,
and compares it with the digests that the jobs recorded: checkouts, environments,
outputs, and the files from beside the pipeline that were used. With ADDR only that
stage. What differs is named; what a stage never made is passed over.

Only additional compiled modules of Python (__pycache__/*.pyc) count for nothing.

--json writes {"version":1,"run","holds","stages":[{"address","key","state","by",
"files","bytes","differences":[{"output","path","what"}]}]}; "state" is whole, damaged,
absent, replaced (by the run "by") or unfinished.`,
		Example: `  runpipe verify
  runpipe verify k3f9 train.cnn
  runpipe verify --json k3f9 | jq '.stages[].differences[]'`,
		Annotations: statuses{
			0: "all is as it was recorded", 1: "an error, or no such run or stage", 2: "wrong usage", 4: "something differs or is missing",
		}.annotation(),
		Args:              between(0, 2),
		ValidArgsFunction: a.completeRunAndStage,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON to stdout")
	return cmd
}

func (o *verifyOptions) run(ctx context.Context, args []string) error {
	r, address, err := o.runAndStage(args)
	if err != nil {
		return err
	}
	found, err := compare.Verify(ctx, r, address)
	if err != nil {
		return err
	}
	v := view.Verification{Run: r.Run, Holds: true, Stages: found}
	for _, s := range found {
		v.Holds = v.Holds && s.Holds()
	}
	if err := o.reporter(o.json).Verify(v); err != nil {
		return err
	}
	if !v.Holds {
		return &outcomeError{4}
	}
	return nil
}
