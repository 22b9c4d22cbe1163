package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

// patience is how a scheduler is asked again that could not be reached: after
// growing pauses, for as long as it takes.
type patience struct {
	pause time.Duration
	since time.Time
}

const (
	retryShortest = time.Second
	retryLongest  = 30 * time.Second
)

func retries() *patience { return &patience{pause: retryShortest} }

// wait waits for the next try after a failure, and tells the user. It returns
// an error if the context ends, or if the failure is not one that passes.
func (p *patience) wait(ctx context.Context, s Submitter, failure error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !errors.Is(failure, slurm.ErrUnreachable) && !errors.Is(failure, slurm.ErrAmbiguous) {
		return failure
	}
	if p.since.IsZero() {
		p.since = time.Now()
	}
	s.notice("The scheduler cannot be reached, for %s so far; trying again in %s. Ctrl-C ends this.",
		time.Since(p.since).Round(time.Second), p.pause)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(p.pause):
	}
	p.pause = min(2*p.pause, retryLongest)
	return nil
}

// shortAnswer is how long the first try of a command on jobs may take, and
// longAnswer the last. Slurm's commands ask for some nine seconds for a controller
// that is gone; one that is killed and started again meanwhile may have given the
// ids to other jobs, which the command then would hit. So it is stopped early, and
// the jobs are looked up by their tokens before it is tried again.
const (
	shortAnswer = time.Second
	longAnswer  = 16 * time.Second // of a controller that is slow
)

// answered does something to jobs by their ids, if the scheduler answers in time;
// else it may have been done.
func (s *submission) answered(ctx context.Context, within time.Duration, do func(context.Context) error) error {
	if s.executor.Name() == "local" { // whose ids are the run's own
		return do(ctx)
	}
	short, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := do(short)
	if err != nil && short.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", slurm.ErrAmbiguous, err)
	}
	return err
}
