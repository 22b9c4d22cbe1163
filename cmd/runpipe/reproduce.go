package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/compare"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/stages"
)

type reproduceOptions struct {
	*app
	by        string
	tolerance []string
	json      bool
}

func newReproduce(a *app) *cobra.Command {
	o := reproduceOptions{app: a}
	cmd := &cobra.Command{
		Use:     "reproduce [flags] RUN",
		GroupID: groupCompare,
		Short:   "Run a run again from its pins, and judge",
		Long: `Makes all stages of a run anew from what the run itself has kept: the pinned commits,
the locked packages, the commands, the files from beside the pipeline. The pipeline
file, its lock and the branches may be gone. Nothing is reused, and what the run has
made stays as it is: the new results go to a workspace of their own below its folder.
Then each stage is judged, and the worst is the verdict:

  IDENTICAL         the same digests and the same metrics
  WITHIN TOLERANCE  other bytes, but each metric as near as it has to be: equal, or
                    within the "tolerance" that the pipeline or --tolerance gives it.
                    A stage without metrics is judged by the stages that use it.
  DRIFTED           another result, on other packages or other hardware
  DIFFERENT         another result, and nothing known that would explain it
  FAILED            no result

Packages and hardware that differ are listed first. With --by nothing is run: the run
named there, which may be the folder of a run in another workspace, is judged, by its
results alone; code, parameters and data that it was given otherwise are listed before
all else, and stages of which it only reused what the other run has made say so.

--json writes {"version":1,"run","by","folder","reproduced","verdict","asked","drift":
[{"topic","address","name","was","is"}],"stages":[{"address","verdict","reasons","metrics":
[{"name","was","is","tolerance","holds"}]}]}.`,
		Example: `  runpipe reproduce k3f9
  runpipe reproduce --tolerance accuracy=0.005 --tolerance loss=2% k3f9
  runpipe reproduce --by m2xw ../colleague/.runpipe/runs/20261123-142233-k3f9`,
		Annotations: statuses{
			0: "IDENTICAL or WITHIN TOLERANCE", 1: "an error, or no such run", 2: "wrong usage", 4: "DRIFTED, DIFFERENT or FAILED", 130: "interrupted",
		}.annotation(),
		Args:              between(1, 1),
		ValidArgsFunction: a.completeRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, args[0])
		},
	}
	cmd.Flags().StringVar(&o.by, "by", "", "judge `RUN`, which is there already, instead of running anything")
	cmd.Flags().StringArrayVar(&o.tolerance, "tolerance", nil, "`NAME=VALUE`: how far a metric may be off, as in 0.005 or 2%; may be given again")
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON to stdout")
	return cmd
}

func (o *reproduceOptions) run(cmd *cobra.Command, id string) error {
	tolerances, err := o.tolerances(cmd)
	if err != nil {
		return err
	}
	was, err := o.pick(id)
	if err != nil {
		return err
	}
	st, err := o.statusOf(cmd.Context(), was)
	if err != nil {
		return err
	}
	if st.State != run.Succeeded {
		return fmt.Errorf("run %s is %s, and %w", was.Run, st.State, run.ErrNothingMade)
	}
	is, err := o.repeated(cmd.Context(), was)
	if err != nil {
		return err
	}
	judgement, err := compare.Judge(was, is, tolerances)
	if err != nil {
		return err
	}
	if err := o.reporter(o.json).Judge(view.Reproduction{Run: was.Run, By: is.Run, Folder: is.Dir, Judgement: judgement}); err != nil {
		return err
	}
	if !judgement.Verdict.Reproduced() {
		return &outcomeError{4}
	}
	return nil
}

func (o *reproduceOptions) tolerances(cmd *cobra.Command) ([]stages.Tolerance, error) {
	var all []stages.Tolerance
	for _, given := range o.tolerance {
		name, value, _ := strings.Cut(given, "=")
		t, err := stages.ParseTolerance(name, value)
		if err != nil {
			return nil, usage(cmd, "--tolerance %s: %v.", given, err)
		}
		all = append(all, t)
	}
	return all, nil
}

// repeated is the run that is to be judged, once it has ended.
func (o *reproduceOptions) repeated(ctx context.Context, was *run.Run) (*run.Run, error) {
	if o.by != "" {
		return o.ended(ctx)
	}
	outliveReader()
	i := listen()
	defer i.stop()
	var r *run.Run
	var x slurm.Executor
	sig, err := i.during(ctx, func(ctx context.Context) (err error) {
		r, x, err = o.again(ctx, was)
		return err
	})
	switch {
	case err != nil && sig != nil:
		return nil, &interruptedError{"interrupted: " + err.Error()}
	case err != nil:
		return nil, err
	case sig == nil:
		_, sig, err = o.follow(ctx, i, r, x)
	}
	if err == nil && sig != nil {
		return nil, o.left(ctx, was, r, x)
	}
	return r, err
}

// ended is the run that --by names, of which there is nothing to judge while it
// goes on.
func (o *reproduceOptions) ended(ctx context.Context) (*run.Run, error) {
	r, err := o.pick(o.by)
	if err != nil {
		return nil, err
	}
	st, err := o.statusOf(ctx, r)
	if err == nil && !st.State.Ended() {
		err = fmt.Errorf("run %s is %s: it can be judged when it has ended", r.Run, st.State)
	}
	return r, err
}

// left ends a local run, as apply does, and says how to come back to one on Slurm.
func (o *reproduceOptions) left(ctx context.Context, was, r *run.Run, x slurm.Executor) error {
	if x.Name() == executorLocal {
		if _, err := run.Cancel(ctx, r, x, nil, o.submitter()); err != nil {
			return &interruptedError{err.Error()}
		}
		o.err.Say("Cancelled.")
		return &interruptedError{}
	}
	o.err.Say("The jobs go on. To judge them when they have ended:")
	o.err.Say("  " + o.program() + " reproduce --by " + view.ShellWord(r.Dir) + " " + was.Run)
	return &interruptedError{}
}

// again submits the run's stages anew.
func (o *reproduceOptions) again(ctx context.Context, was *run.Run) (*run.Run, slurm.Executor, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("finding this program: %w", err)
	}
	binary, err := run.InstallBinary(was.Workspace(), self)
	if err != nil {
		return nil, nil, err
	}
	id := run.NewID(o.now())
	p, w, err := run.Again(ctx, was, id, o.environ)
	if err != nil {
		return nil, nil, err
	}
	pins := pinning{app: o.app}
	if err := o.diagnose(p.Fetch(ctx, o.environ, pins.progress()), nil); err != nil {
		return nil, nil, err
	}
	compiled, diags := p.Compile(ctx, id, binary, o.environ, true)
	if err := o.diagnose(diags, nil); err != nil {
		return nil, nil, err
	}
	x, err := o.executorIn(p.Executor(), w.Run(id), binary)
	if err != nil {
		return nil, nil, err
	}
	by := o.submitter()
	by.Secrets = run.SecretsOf(p)
	r, err := run.Submit(ctx, w, p, x, run.SubmitOptions{Submitter: by, ID: id, Name: "reproduces " + was.Run, Stages: compiled})
	if err != nil {
		return nil, nil, errors.Join(err, ctx.Err())
	}
	o.err.Say(fmt.Sprintf("Run %s reproduces %s: %d jobs submitted.", r.Run, was.Run, len(compiled)))
	return r, x, nil
}
