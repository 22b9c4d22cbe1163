package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
)

// CancelDependents cancels, in one call, the jobs of all stages that can no
// longer run since the job of rec has failed or is being ended. That job calls it:
// on the login node nothing of runpipe need be running. It does nothing where Slurm
// was asked to do it (--kill-on-invalid-dep), nor for a job that is being requeued:
// at the signal, Slurm has already counted the restart, and from within that is all
// there is to tell a requeue from a cancellation or the time limit (measured). Nor does
// it for a job that Slurm has wait: a controller that has forgotten a start ends it on
// the node, and starts the job once more.
//
// The journals name the jobs: no job starts before all of the chain are written down.
func CancelDependents(ctx context.Context, w *workspace.Workspace, rec record.Record, executor func(*Run) (slurm.Executor, error)) error {
	file, err := readSubmission(w.Run(rec.Run))
	if err != nil || !file.Orphans || rec.Job == "" {
		return err
	}
	o, x, err := observeFor(w, rec.Run, executor)
	if err != nil {
		return fmt.Errorf("finding what depends on %s: %w", rec.Address, err)
	}
	chosen := o.run.withDependents([]string{rec.Address})
	var dependents []string
	for _, s := range o.run.Stages {
		if chosen[s.Address] && s.Address != rec.Address && o.ledger.jobs[s.Address].id != "" {
			dependents = append(dependents, s.Address)
		}
	}
	if len(dependents) == 0 {
		return nil
	}
	if o.ask(ctx, x); o.stale != "" {
		return fmt.Errorf("finding what depends on %s: %s", rec.Address, o.stale)
	}
	if job := o.queue[rec.Job]; job.Restarts > rec.Restarts || job.State.Phase() == slurm.Pending {
		return nil
	}
	jobs := o.jobs(dependents)
	if len(jobs) == 0 {
		return nil
	}
	// Where it cannot be noted, the jobs must go all the same.
	noted := o.run.note(Entry{Event: EventSkip, Address: rec.Address, Addresses: dependents, Jobs: jobs})
	if err := errors.Join(x.Cancel(ctx, jobs...), noted); err != nil {
		return fmt.Errorf("cancelling what depends on %s: %w", rec.Address, err)
	}
	return nil
}

// observeFor reads of a run what its own jobs need: what was submitted.
func observeFor(w *workspace.Workspace, id string, executor func(*Run) (slurm.Executor, error)) (*observer, slurm.Executor, error) {
	r, err := open(w, id)
	if err != nil {
		return nil, nil, err
	}
	x, err := executor(r)
	if err != nil {
		return nil, nil, err
	}
	o, err := observe(r)
	return o, x, err
}
