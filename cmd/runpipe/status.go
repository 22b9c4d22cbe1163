package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
)

type statusOptions struct {
	*app
	id   string
	json bool
}

func newStatus(a *app) *cobra.Command {
	o := statusOptions{app: a}
	cmd := &cobra.Command{
		Use:     "status [--json] [RUN]",
		GroupID: groupLook,
		Short:   "Show where a run stands",
		Long: `Shows a run, the newest if none is named: the state of each stage, where it runs,
why it waits or failed, and the metrics, checks and outputs so far.

RUN is a run's id, the beginning or the end of one, or the name given by
"apply --name".

--json writes {"version":1,"run","pipeline","name","executor","state","created",
"ended","stages":[{"address","kind","state","key","reused","job","attempts",
"exit_code","node","started","ended","reason","log","work","metrics","checks",
"outputs"}],"stale","full"}. What is not known is null or absent, never guessed.`,
		Example: `  runpipe status
  runpipe status k3f9
  runpipe status --json | jq -r '.stages[] | "\(.address) \(.state)"'`,
		Annotations:       statuses{0: "done, whatever became of the run", 1: "an error, or no such run", 2: "wrong usage"}.annotation(),
		Args:              between(0, 1),
		ValidArgsFunction: a.completeRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.id = args[0]
			}
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON to stdout")
	return cmd
}

func (o *statusOptions) run(ctx context.Context) error {
	r, err := o.pick(o.id)
	if err != nil {
		return err
	}
	st, err := o.statusOf(ctx, r)
	if err != nil {
		return err
	}
	return o.reporter(o.json).Status(view.Outcome{Status: st, Results: results(r)})
}
