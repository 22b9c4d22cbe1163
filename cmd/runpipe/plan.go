package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
)

type planOptions struct {
	*app
	making
	json bool
}

func newPlan(a *app) *cobra.Command {
	o := planOptions{app: a}
	cmd := &cobra.Command{
		Use:     "plan [--json] FILE",
		GroupID: groupRun,
		Short:   "Show what apply would do, and why",
		Long: `Shows which stages would run and why, which are reused from the workspace, and the
commits of the clones. It changes nothing: a ref that is not pinned yet is resolved
for this plan only, and with all pins in the lock file no network is asked. Where
stages run on Slurm, it is asked whether it would take them (sbatch --test-only).

--json writes {"version":1,"pipeline","file","executor","stages":[{"address","kind",
"action":"run|reuse","reasons","key","after","pins","script","refused"}]}: "script" is
the batch script, as it would be for a run with the id RUN, and "refused" is why
Slurm would not take it.`,
		Example: `  runpipe plan mnist.hcl
  runpipe plan --var epochs=10 mnist.hcl
  runpipe plan --json mnist.hcl | jq -r '.stages[] | select(.address == "train.cnn") | .script'`,
		Annotations: statuses{
			0: "done", 1: "a fault in the pipeline, a stage that Slurm would refuse, or an error", 2: "wrong usage",
			5: "--locked was given, and the lock file would have to change", 130: "interrupted",
		}.annotation(),
		Args:              oneFile,
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			o.source.path = args[0]
			return o.run(ctx, cmd)
		},
	}
	o.making.flags(a, cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON to stdout")
	return cmd
}

func (o *planOptions) run(ctx context.Context, cmd *cobra.Command) error {
	executor, err := o.chooseExecutor(ctx, cmd, o.executor)
	if err != nil {
		return err
	}
	made, err := o.make(ctx, o.app, executor, true)
	if err != nil {
		return err
	}
	planned := view.Planned{Plan: made.plan, Scripts: map[string]string{}}
	compiled, diags := made.plan.Compile(ctx, "RUN", "runpipe", o.environ, false)
	if err := o.diagnoseUnless(ctx, diags, made.pipeline.Files); err != nil {
		return err
	}
	for _, c := range compiled {
		planned.Scripts[c.Address.String()] = string(c.Script)
	}
	if executor == executorSlurm {
		if planned.Refused, err = verdicts(ctx, compiled); err != nil {
			return err
		}
	}
	if err := o.reporter(o.json).Plan(planned); err != nil {
		return err
	}
	if len(planned.Refused) > 0 {
		return errTold
	}
	return nil
}
