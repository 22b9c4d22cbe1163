package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
)

type showOptions struct {
	*app
	json bool
}

func newShow(a *app) *cobra.Command {
	o := showOptions{app: a}
	cmd := &cobra.Command{
		Use:     "show [--json] [RUN] [ADDR]",
		GroupID: groupLook,
		Short:   "Show all that is known of a run",
		Long: `Shows a run at length, the newest if none is named: the file it came from, and of each
stage why it ran, its commits, command, environment variables, metrics, checks, GPUs,
outputs with their digests, and where its script and its log are. With ADDR only that
stage.

--json writes {"version":1,"run":<as status --json>,"file","user","host","runpipe",
"stages":[{"status","plan","folder","record"}]}: "plan" as in the run's run.json,
"record" as in the stage's record.json.`,
		Example: `  runpipe show
  runpipe show k3f9 train.cnn
  runpipe show --json k3f9 | jq '.stages[].record.pins'`,
		Annotations:       statuses{0: "done", 1: "an error, or no such run or stage", 2: "wrong usage"}.annotation(),
		Args:              between(0, 2),
		ValidArgsFunction: a.completeRunAndStage,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON to stdout")
	return cmd
}

func (o *showOptions) run(ctx context.Context, args []string) error {
	r, address, err := o.runAndStage(args)
	if err != nil {
		return err
	}
	st, err := o.statusOf(ctx, r)
	if err != nil {
		return err
	}
	shown := view.ShownRun{Run: st, File: r.File, User: r.User, Host: r.Host, Runpipe: r.Runpipe}
	for _, s := range st.Stages {
		if address != "" && s.Address != address {
			continue
		}
		shown.Stages = append(shown.Stages, showStage(r, s))
	}
	return o.reporter(o.json).Show(shown)
}

// showStage gathers what is known of a stage. The record is that of its last
// attempt, or of the attempt that made what it reuses.
func showStage(r *run.Run, s run.StageStatus) view.Shown {
	planned, _ := r.Stage(s.Address)
	shown := view.Shown{Status: s, Plan: planned, Record: planned.Reused}
	if s.Reused {
		return shown
	}
	shown.Folder = r.StageDir(s.Address)
	if s.Log == "" {
		return shown
	}
	// One that cannot be read is told of in the stage's status.
	shown.Record, _ = record.Read(filepath.Dir(s.Log))
	return shown
}
