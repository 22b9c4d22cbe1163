package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
)

type applyOptions struct {
	*app
	making
	name       string
	detach     bool
	json       bool
	invalidDep yesNo // --kill-on-invalid-dep

	submitting bool // jobs may have been handed over
	attached   bool // to a run that another apply has made
	idle       bool // nothing had to run
}

func newApply(a *app) *cobra.Command {
	o := applyOptions{app: a}
	cmd := &cobra.Command{
		Use:     "apply [flags] FILE",
		GroupID: groupRun,
		Short:   "Run a pipeline",
		Long: `Pins what is not pinned yet, plans, compiles each stage that has to run to a batch
script, submits them all as one chain, and then watches. Stages whose inputs are
unchanged are reused from the workspace.

Where the branch of a clone is checked out in a folder with uncommitted changes, they
are refused: jobs run commits. --allow-dirty runs them as they are, from a private
commit (under refs/runpipe/dirty; branch, index and stash stay as they are) that is not
in the lock file, and marks the run and its records as dirty.

If an equal plan (the same file, the same stages, the same --name) is still going,
apply attaches to its run instead of making another. If its submission was cut
short, apply goes on with it: no stage is submitted twice.

Ctrl-C on Slurm stops watching: the jobs go on. On the local executor it cancels the
run and waits until its processes have ended; a second Ctrl-C leaves at once.

At the end a summary is written to stdout: the stages, checks, metrics and outputs,
and what went wrong. Progress is written to stderr. --json writes what
"status --json" writes instead of the summary.`,
		Example: `  runpipe apply mnist.hcl
  runpipe apply --var epochs=10 --name "ten epochs" mnist.hcl
  runpipe apply --detach --json mnist.hcl | jq -r .run
  runpipe apply --rerun train.cnn mnist.hcl`,
		Annotations:       applyStatuses(),
		Args:              oneFile,
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source.path = args[0]
			return o.run(cmd)
		},
	}
	o.making.flags(a, cmd)
	cmd.Flags().StringVar(&o.name, "name", "", "give the run a `NAME`, by which it can be found again")
	cmd.Flags().BoolVar(&o.detach, "detach", false, "submit and leave; the run goes on without this terminal")
	o.invalidDep = yesNo(a.getenv("RUNPIPE_KILL_ON_INVALID_DEP") != "no")
	cmd.Flags().Var(&o.invalidDep, "kill-on-invalid-dep", "`yes|no`: Slurm cancels the dependents of a failed stage; with no the failing job does; also RUNPIPE_KILL_ON_INVALID_DEP")
	cmd.Flags().BoolVar(&o.json, "json", false, "write the run's status as JSON to stdout")
	return cmd
}

func applyStatuses() map[string]string {
	return statuses{
		0: "all stages succeeded; with --detach: the run was submitted", 1: "a fault in the pipeline, a refused submission, or an error",
		2: "wrong usage", 3: "a stage failed, was cancelled, skipped or lost", 4: "all commands succeeded, but a check did not hold",
		5: "--locked was given, and the lock file would have to change", 130: "interrupted",
	}.annotation()
}

func (o *applyOptions) run(cmd *cobra.Command) error {
	outliveReader()
	i := listen()
	defer i.stop()
	var r *run.Run
	var x slurm.Executor
	sig, err := i.during(cmd.Context(), func(ctx context.Context) (err error) {
		r, x, err = o.submit(ctx, cmd)
		return err
	})
	switch {
	case err != nil && sig != nil:
		return o.interruptedBy(err)
	case err != nil:
		return err
	case o.detach:
		return o.leave(cmd.Context(), r, x)
	case sig != nil: // too late to keep it from being submitted
		return o.interrupted(cmd.Context(), i, r, x)
	}
	return o.watch(cmd.Context(), i, r, x)
}

// interruptedBy says what a signal has interrupted. Once jobs were being
// submitted, the error tells whether all of them could be taken back.
func (o *applyOptions) interruptedBy(err error) error {
	if !o.submitting && (errors.Is(err, errTold) || errors.Is(err, context.Canceled)) {
		return &interruptedError{"interrupted: nothing was submitted"}
	}
	return &interruptedError{"interrupted: " + err.Error()}
}

// submit goes from the file to a submitted run.
func (o *applyOptions) submit(ctx context.Context, cmd *cobra.Command) (*run.Run, slurm.Executor, error) {
	executor, err := o.chooseExecutor(ctx, cmd, o.executor)
	if err != nil {
		return nil, nil, err
	}
	made, err := o.make(ctx, o.app, executor, false)
	if err != nil {
		return nil, nil, err
	}
	if err := o.showPlan(made); err != nil {
		return nil, nil, err
	}
	o.noteMissing(ctx, made.plan)
	w, err := workspace.Create(made.plan.Workspace())
	if err != nil {
		return nil, nil, err
	}
	return o.handOver(ctx, w, made)
}

func (o *applyOptions) showPlan(m *made) error {
	if o.json {
		return nil
	}
	if err := view.Pins(o.out, m.changes); err != nil {
		return err
	}
	if err := o.reporter(false).Plan(view.Planned{Plan: m.plan}); err != nil {
		return err
	}
	return o.out.Blank()
}

// handOver makes a run of the plan, unless there is one.
func (o *applyOptions) handOver(ctx context.Context, w *workspace.Workspace, m *made) (*run.Run, slurm.Executor, error) {
	by := o.submitter()
	reserved, err := run.Reserve(ctx, w, m.plan, o.name, by)
	if err != nil {
		return nil, nil, err
	}
	defer reserved.Release()
	o.submitting = true
	r, x, err := run.Join(ctx, w, m.plan, run.JoinOptions{Submitter: by, Name: o.name, Rerun: o.rerun, Open: o.executorToResume})
	if err != nil || r != nil {
		o.join(r)
		return r, x, err
	}
	o.submitting = false
	return o.begin(ctx, w, m, reserved)
}

// join says that the plan has a run.
func (o *applyOptions) join(r *run.Run) {
	if r == nil {
		return
	}
	o.attached = true
	o.err.Say("Run " + r.Run + " of an equal plan is going on: following it.")
}

// install puts this program where the jobs of the plan find it, if it has any.
func (o *applyOptions) install(w *workspace.Workspace, p *plan.Plan) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program: %w", err)
	}
	if p.Count(plan.Run) == 0 {
		return self, nil
	}
	return run.InstallBinary(w, self)
}

// begin compiles the stages and submits them.
func (o *applyOptions) begin(ctx context.Context, w *workspace.Workspace, m *made, reserved *run.Reservation) (*run.Run, slurm.Executor, error) {
	binary, err := o.install(w, m.plan)
	if err != nil {
		return nil, nil, err
	}
	pins := pinning{app: o.app}
	if err := o.diagnoseUnless(ctx, m.plan.Fetch(ctx, o.environ, pins.progress()), m.pipeline.Files); err != nil {
		return nil, nil, err
	}
	id := run.NextID(w, o.now())
	compiled, diags := m.plan.Compile(ctx, id, binary, o.environ, true)
	if err := o.diagnoseUnless(ctx, diags, m.pipeline.Files); err != nil {
		return nil, nil, err
	}
	x, err := o.executorIn(m.plan.Executor(), w.Run(id), binary)
	if err != nil {
		return nil, nil, err
	}
	by := o.submitter()
	by.Secrets = run.SecretsOf(m.plan)
	o.submitting = true
	r, err := run.Submit(ctx, w, m.plan, x, run.SubmitOptions{
		Submitter: by, ID: id, Name: o.name, Stages: compiled, Outputs: outputValues(m.plan),
		Orphans: !bool(o.invalidDep), Reserve: reserved,
	})
	if err != nil {
		return nil, nil, err
	}
	o.idle = len(compiled) == 0
	o.err.Say(submitted(r, len(compiled)))
	if m.plan.Executor() == executorSlurm {
		o.noteUnfit(ctx, compiled)
	}
	return r, x, nil
}

func submitted(r *run.Run, jobs int) string {
	switch jobs {
	case 0:
		return fmt.Sprintf("No changes: run %s has nothing to run.", r.Run)
	case 1:
		return fmt.Sprintf("Run %s: 1 job submitted.", r.Run)
	}
	return fmt.Sprintf("Run %s: %d jobs submitted.", r.Run, jobs)
}

// leave is --detach.
func (o *applyOptions) leave(ctx context.Context, r *run.Run, x slurm.Executor) error {
	if !o.json {
		o.out.Say(r.Run)
		if !o.idle {
			o.goesOn(r)
		}
		return nil
	}
	st, err := r.Status(ctx, x)
	if err != nil {
		return err
	}
	return o.reporter(true).Status(view.Outcome{Status: st, Results: results(r)})
}

// watch follows the run until it has ended.
func (o *applyOptions) watch(ctx context.Context, i *interrupts, r *run.Run, x slurm.Executor) error {
	st, sig, err := o.follow(ctx, i, r, x)
	switch {
	case err != nil:
		return err
	case sig != nil:
		return o.interrupted(ctx, i, r, x)
	}
	return o.conclude(r, st, o.json)
}

// interrupted detaches from a run on Slurm. A local run belongs to the terminal:
// it is cancelled, and its processes are waited for, until a second signal.
func (o *applyOptions) interrupted(ctx context.Context, i *interrupts, r *run.Run, x slurm.Executor) error {
	if x.Name() != executorLocal || o.attached {
		o.goesOn(r)
		return &interruptedError{}
	}
	o.err.Say("Cancelling run " + r.Run + "; once more leaves at once.")
	if _, err := run.Cancel(ctx, r, x, nil, o.submitter()); err != nil {
		return &interruptedError{err.Error()}
	}
	st, again, err := o.follow(ctx, i, r, x)
	switch {
	case err != nil:
		return &interruptedError{err.Error()}
	case again != nil:
		o.err.Say("Left while the run's processes are being ended. To see what is left of it:")
		o.err.Say("  " + o.program() + " status " + r.Run)
		return &interruptedError{}
	}
	if err := o.summarise(r, st, o.json); err != nil {
		return &interruptedError{err.Error()}
	}
	return &interruptedError{}
}
