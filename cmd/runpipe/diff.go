package main

import (
	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/compare"
)

type diffOptions struct {
	*app
	json, exitCode bool
}

func newDiff(a *app) *cobra.Command {
	o := diffOptions{app: a}
	cmd := &cobra.Command{
		Use:     "diff [flags] RUN RUN",
		GroupID: groupCompare,
		Short:   "Tell what two runs differ in",
		Long: `Compares two runs and shows only what differs, in the order in which one looks for
the cause of another result: stages, code (commits), packages, parameters (commands,
variables, seeds), data, hardware, outputs (by digest) and metrics.

A RUN may also be the folder of a run in another workspace.

--exit-code makes the exit status tell whether they differ, as that of git diff does;
it is 4 here, since 1 is an error.

--json writes {"version":1,"was","is","equal","changes":[{"topic","address","name",
"was","is"}]}; "" stands for nothing.`,
		Example: `  runpipe diff k3f9 m2xw
  runpipe diff --exit-code k3f9 ../other/.runpipe/runs/20261123-142233-m2xw
  runpipe diff --json k3f9 m2xw | jq '.changes[] | select(.topic == "metrics")'`,
		Annotations: statuses{
			0: "done, whether or not they differ", 1: "an error, or no such run", 2: "wrong usage", 4: "--exit-code was given, and they differ",
		}.annotation(),
		Args:              between(2, 2),
		ValidArgsFunction: a.completeRuns,
		RunE:              func(_ *cobra.Command, args []string) error { return o.run(args) },
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON to stdout")
	cmd.Flags().BoolVar(&o.exitCode, "exit-code", false, "exit with 4 if the runs differ")
	return cmd
}

func (o *diffOptions) run(args []string) error {
	was, err := o.pick(args[0])
	if err != nil {
		return err
	}
	is, err := o.pick(args[1])
	if err != nil {
		return err
	}
	changes, err := compare.Diff(was, is)
	if err != nil {
		return err
	}
	if err := o.reporter(o.json).Diff(view.Comparison{Was: was.Run, Is: is.Run, Changes: changes}); err != nil {
		return err
	}
	if o.exitCode && len(changes) > 0 {
		return &outcomeError{4}
	}
	return nil
}
