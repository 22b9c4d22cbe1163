package run

import (
	"context"
	"fmt"

	"github.com/runpipe/runpipe/slurm"
)

// Where Slurm is told to leave the dependents of a failed job alone
// (--kill-on-invalid-dep=no), they would stay in its queue for ever. The failing
// job cancels them, if it still can; else whoever watches does.

// abandoned lists the skipped stages whose jobs the newest answer shows to be left
// alone. Of a chain only the first says so; those behind it are found over the
// run's own graph.
func (o *observer) abandoned(status Status) []string {
	var skipped []string
	left := false
	for _, s := range status.Stages {
		if s.State != Skipped || s.Job == "" {
			continue
		}
		skipped = append(skipped, s.Address)
		job := o.queue[s.Job]
		left = left || job.State.Phase() == slurm.Pending && job.Reason == "DependencyNeverSatisfied"
	}
	if !left {
		return nil
	}
	return skipped
}

// sweep cancels, in one call, the jobs of skipped stages that Slurm may still
// hold when all else has ended.
func (o *observer) sweep(ctx context.Context, x slurm.Executor, status Status) error {
	var skipped []string
	for _, s := range status.Stages {
		if seen := o.seen.Jobs[s.Job]; s.State == Skipped && s.Job != "" && (seen == nil || seen.Ended == nil) {
			skipped = append(skipped, s.Address)
		}
	}
	if len(skipped) > 0 && !o.asked() {
		o.ask(ctx, x)
	}
	return o.cancel(ctx, x, skipped)
}

func (o *observer) cancel(ctx context.Context, x slurm.Executor, skipped []string) error {
	left := o.listed(skipped)
	if len(left) == 0 {
		return nil
	}
	if err := x.Cancel(ctx, left...); err != nil {
		return fmt.Errorf("cancelling the jobs of skipped stages: %w", err)
	}
	return nil
}
