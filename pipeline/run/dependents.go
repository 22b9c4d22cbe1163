package run

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
)

// CancelDependents cancels, in one call, the jobs of all stages that can no
// longer run since the one at address has failed. The failing job calls it: on
// the login node nothing of runpipe need be running. It does nothing where Slurm
// was asked to do it (--kill-on-invalid-dep).
//
// The journals name the jobs: no job starts before all of the chain are written down.
func CancelDependents(ctx context.Context, w *workspace.Workspace, id, address string, open func(*Run) (slurm.Executor, error)) error {
	file, err := readSubmission(w.Run(id))
	if err != nil || !file.Orphans {
		return err
	}
	r := &Run{Submitted: &plan.Submitted{Run: id}, Dir: w.Run(id), workspace: w}
	if err := workspace.ReadJSON(filepath.Join(r.Dir, plan.SubmittedFile), r.Submitted, plan.SubmittedVersion); err != nil {
		return fmt.Errorf("finding what depends on %s: %w", address, err)
	}
	entries, err := readJournal(r.Dir)
	if err != nil {
		return err
	}
	jobs, chosen := newLedger(entries).jobs, r.withDependents([]string{address})
	var ids []string
	for _, s := range r.Stages {
		if chosen[s.Address] && s.Address != address && jobs[s.Address].id != "" {
			ids = append(ids, jobs[s.Address].id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	x, err := open(r)
	if err != nil {
		return err
	}
	if err := x.Cancel(ctx, ids...); err != nil {
		return fmt.Errorf("cancelling what depends on %s: %w", address, err)
	}
	return nil
}
