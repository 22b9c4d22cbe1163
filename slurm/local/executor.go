package local

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

// DefaultKillWait is how long a job that was told to end (SIGTERM) may take
// before it is killed: Slurm's own default for KillWait, slurm.conf(5).
const DefaultKillWait = 30 * time.Second

// Options is what an Executor is told besides its folder.
type Options struct {
	// Serve is the argv that starts the scheduler: a program that calls
	// Serve(ctx, dir). Its first element is a path or found on PATH.
	Serve []string
	// KillWait replaces DefaultKillWait if it is above zero.
	KillWait time.Duration
}

// Executor submits the jobs of one run to its scheduler. Its methods may be
// called at the same time.
type Executor struct {
	folder  folder
	options Options

	mu      sync.Mutex
	env     map[string][][]byte // of submitted jobs, until the scheduler has it
	machine *Machine            // found when the first job asks for GPUs
	known   map[string]submission
}

var _ slurm.Executor = (*Executor)(nil)

// New returns the executor of the run whose scheduler works in dir. The folder
// need not exist; jobs that another process submitted there are seen.
func New(dir string, o Options) *Executor {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return &Executor{folder: folder{dir}, options: o, env: map[string][][]byte{}, known: map[string]submission{}}
}

// Name is "local".
func (e *Executor) Name() string { return "local" }

// Release lifts the hold of these jobs and hands all submitted jobs to the
// scheduler, which it starts if none lives. When it returns without an error,
// the scheduler has taken over and the submitter may end.
func (e *Executor) Release(ctx context.Context, ids ...string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.folder.mark(released, ids); err != nil {
		return fmt.Errorf("releasing jobs: %w", err)
	}
	if err := e.handOver(ctx); err != nil {
		return fmt.Errorf("releasing jobs: %w", err)
	}
	return nil
}

// Cancel ends these jobs: those that run are told so (SIGTERM) and killed after
// KillWait. It returns when the scheduler knows, not when they have ended.
// Without a living scheduler it kills what is left of them at once.
func (e *Executor) Cancel(ctx context.Context, ids ...string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.folder.mark(cancelled, ids); err != nil {
		return fmt.Errorf("cancelling jobs: %w", err)
	}
	err := e.wake(ctx)
	if errors.Is(err, errNoScheduler) {
		err = e.killLeftovers(ctx, ids)
	}
	if err != nil {
		return fmt.Errorf("cancelling jobs: %w", err)
	}
	return nil
}

// History has nothing to add: Queue never forgets a job of the run.
func (e *Executor) History(context.Context, ...string) ([]slurm.QueuedJob, error) {
	return nil, slurm.ErrNoAccounting
}
