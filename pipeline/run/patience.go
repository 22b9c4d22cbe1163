package run

import (
	"context"
	"errors"
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
