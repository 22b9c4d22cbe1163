package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm"
)

type watchOptions struct {
	*app
	id   string
	json bool
}

func newWatch(a *app) *cobra.Command {
	o := watchOptions{app: a}
	cmd := &cobra.Command{
		Use:     "watch [--json] [RUN]",
		GroupID: groupLook,
		Short:   "Follow a run until it ends",
		Long: `Follows a run, the newest if none is named, until all its stages have ended, and
then shows its summary as "apply" does. Ctrl-C stops watching; the run goes on.

--json writes what "status --json" writes, once, at the end.`,
		Example:           "  runpipe apply --detach mnist.hcl\n  runpipe watch",
		Annotations:       outcomeStatuses("it was interrupted; the run goes on"),
		Args:              between(0, 1),
		ValidArgsFunction: a.completeRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.id = args[0]
			}
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "write the status as JSON to stdout when the run has ended")
	return cmd
}

// outcomeStatuses are the exit statuses of the verbs that wait for a run's end.
func outcomeStatuses(interrupted string) map[string]string {
	return statuses{
		0: "all stages succeeded", 1: "an error", 2: "wrong usage",
		3: "a stage failed, was cancelled, skipped or lost", 4: "all commands succeeded, but a check did not hold",
		130: interrupted,
	}.annotation()
}

func (o *watchOptions) run(ctx context.Context) error {
	r, err := o.pick(o.id)
	if err != nil {
		return err
	}
	x, err := o.executorOf(r)
	if err != nil {
		return err
	}
	i := listen()
	defer i.stop()
	st, sig, err := o.follow(ctx, i, r, x)
	if err != nil {
		return err
	}
	if sig != nil {
		o.goesOn(r)
		return &interruptedError{}
	}
	return o.conclude(r, st, o.json)
}

// follow shows a run as it goes, until it has ended or a signal came.
func (a *app) follow(ctx context.Context, i *interrupts, r *run.Run, x slurm.Executor) (st run.Status, sig os.Signal, err error) {
	progress := view.NewProgress(a.err, a.now)
	defer progress.Close()
	sig, err = i.during(ctx, func(ctx context.Context) (watched error) {
		st, watched = run.Watch(ctx, r, x, progress.Update)
		return watched
	})
	if sig != nil && !st.State.Ended() {
		return st, sig, nil
	}
	if err == nil && a.out.Live {
		progress.Clear() // the summary says it all again
	}
	return st, nil, err
}

// conclude shows how a run ended, and turns that into the exit status.
func (a *app) conclude(r *run.Run, st run.Status, asJSON bool) error {
	if err := a.summarise(r, st, asJSON); err != nil {
		return err
	}
	if status := st.ExitCode(); status != 0 {
		return &outcomeError{status}
	}
	return nil
}

// summarise shows a run at its end, apart from what was said on the same
// terminal before.
func (a *app) summarise(r *run.Run, st run.Status, asJSON bool) error {
	if a.out.Live && !asJSON {
		if err := a.out.Blank(); err != nil {
			return err
		}
	}
	return a.reporter(asJSON).Status(view.Outcome{Status: st, Results: results(r)})
}

// goesOn says how to look at a run that nobody watches any more.
func (a *app) goesOn(r *run.Run) {
	a.err.Say("Run " + r.Run + " goes on. What to do next:")
	for _, line := range [][2]string{{"watch", "follow it again"}, {"status", "where it stands"}, {"cancel", "end it"}} {
		a.err.Say(fmt.Sprintf("  %s %-6s %s   # %s", a.program(), line[0], r.Run, line[1]))
	}
}
