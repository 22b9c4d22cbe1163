package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

// RefusedError says that the scheduler refused a stage. Nothing of the run is
// left in the queue.
type RefusedError struct {
	Address string
	Err     error
}

// Error names the stage, and says in the scheduler's own words why.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s was refused, and nothing was submitted: %v", e.Address, e.Err)
}

// Unwrap gives the scheduler's error.
func (e *RefusedError) Unwrap() error { return e.Err }

// TakenBackError says that a run could not be submitted whole. Nothing of it is
// left in the queue.
type TakenBackError struct {
	Run string
	Err error
}

// Error says so, and why.
func (e *TakenBackError) Error() string {
	return fmt.Sprintf("run %s was not submitted, and nothing of it is left in the queue: %v", e.Run, e.Err)
}

// Unwrap gives what kept the run from being submitted.
func (e *TakenBackError) Unwrap() error { return e.Err }

// LeftError says that a run could not be submitted whole, and that what was
// submitted of it could not be taken back either. None of it runs: its first
// jobs are held.
type LeftError struct {
	Run  string
	Err  error // why it was not submitted whole
	Left error // why the rest is left
}

// Error says both, and what to do.
func (e *LeftError) Error() string {
	return fmt.Sprintf("run %s was not submitted whole (%v), and what was submitted of it is still in the queue, held (%v): runpipe cancel %s takes it back once the scheduler answers",
		e.Run, e.Err, e.Left, e.Run)
}

// Unwrap gives both errors.
func (e *LeftError) Unwrap() []error { return []error{e.Err, e.Left} }

// refusal is an answer of the scheduler that means no.
type refusal struct{ err error }

func (e *refusal) Error() string { return e.err.Error() }
func (e *refusal) Unwrap() error { return e.err }

// rollbackTimeout bounds the cancellation of a chain that cannot be completed:
// the time to be sure of a job that may exist, and then some.
const rollbackTimeout = time.Minute

// rollback cancels what was accepted, even if the caller's context has ended.
func (s *submission) rollback(address string, cause error) error {
	entry := Entry{Event: EventRollback, Jobs: s.order, Error: cause.Error()}
	var refused *refusal
	if errors.As(cause, &refused) {
		entry.Event, entry.Address = EventRefused, address
	}
	s.step("note that the chain is taken back")
	noted := s.journal.Write(entry) // whether or not it can be written, the jobs must go
	if err := s.takeBack(); err != nil {
		return s.left(cause, err)
	}
	if noted != nil {
		return &TakenBackError{s.run.Run, fmt.Errorf("%w; and: %w", cause, noted)}
	}
	if refused != nil {
		return &RefusedError{address, refused.err}
	}
	return &TakenBackError{s.run.Run, cause}
}

// takeBack cancels all jobs of the chain, and those that may exist of it.
func (s *submission) takeBack() error {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	jobs := byNumber(slices.Concat(s.order, s.extra))
	s.step("take back the chain")
	if err := s.cancelTokens(ctx); err != nil {
		return err
	}
	s.step("note that the chain was taken back")
	if err := s.journal.Write(Entry{Event: EventTakenBack, Jobs: jobs}); err != nil {
		return &unnoted{err}
	}
	return nil
}

// unnoted says that a chain was taken back, which the journal could not be told.
type unnoted struct{ err error }

func (e *unnoted) Error() string { return e.err.Error() }
func (e *unnoted) Unwrap() error { return e.err }

// left says what is left of a chain that could not be taken back, or of which only
// the note of that is missing: then it looks as if it had been left in the middle,
// and whoever resumes it finds that nothing is there.
func (s *submission) left(cause, err error) error {
	var only *unnoted
	if !errors.As(err, &only) {
		return &LeftError{s.run.Run, cause, err}
	}
	return &TakenBackError{s.run.Run, fmt.Errorf("%w; that could not be noted (%w): apply again once that works", cause, err)}
}

// cancel cancels the jobs that are found, and looks for them again where that
// fails, for as long as ctx allows.
func (s *submission) cancel(ctx context.Context, find func() (map[string][]slurm.QueuedJob, error)) error {
	pauses := retries()
	for within := shortAnswer; ; within = min(2*within, longAnswer) {
		found, err := find()
		if err != nil {
			return err
		}
		jobs := idsOf(found)
		if len(jobs) == 0 {
			return nil
		}
		err = s.answered(ctx, within, func(ctx context.Context) error { return s.executor.Cancel(ctx, jobs...) })
		if err == nil {
			return nil
		}
		if err := pauses.wait(ctx, s.Submitter, err); err != nil {
			return fmt.Errorf("cancelling %s: %w", strings.Join(jobs, ", "), err)
		}
	}
}
