package run

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

type named struct {
	slurm.Executor
	name string
}

func (n named) Name() string { return n.name }

// A command on jobs that waits for Slurm's controller is stopped, and counts as a
// maybe; whoever interrupts it is told so, and the local executor has its time.
func TestAnswered(t *testing.T) {
	wait := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	s := &submission{executor: named{name: "slurm"}}
	if err := s.answered(t.Context(), time.Millisecond, wait); !errors.Is(err, slurm.ErrAmbiguous) {
		t.Errorf("no answer in time: %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := s.answered(ended, time.Hour, wait); !errors.Is(err, context.Canceled) || errors.Is(err, slurm.ErrAmbiguous) {
		t.Errorf("interrupted: %v", err)
	}
	refused := errors.New("refused")
	if err := s.answered(t.Context(), time.Hour, func(context.Context) error { return refused }); err != refused {
		t.Errorf("an answer: %v", err)
	}
	s.executor = named{name: "local"}
	if err := s.answered(t.Context(), 0, func(ctx context.Context) error { return ctx.Err() }); err != nil {
		t.Errorf("on the local executor: %v", err)
	}
}
