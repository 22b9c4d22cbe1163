package slurm

import (
	"context"
	"errors"
	"time"
)

// Executor runs submitted jobs: Slurm itself (Client), or the machine at hand
// (package local). Every method may be called again after an error.
type Executor interface {
	// Name is "slurm" or "local".
	Name() string

	// Submit hands over one job and returns its id. An error that wraps
	// ErrAmbiguous means that the job may have been accepted all the same;
	// any other error means that it was not.
	Submit(ctx context.Context, s Submission) (id string, err error)

	// Release lets held jobs go. Ids that are unknown or no longer held do not
	// keep the others from being released.
	Release(ctx context.Context, ids ...string) error

	// Cancel ends the jobs. A job that has ended already is no error.
	Cancel(ctx context.Context, ids ...string) error

	// Queue is one question about all of the user's jobs that the scheduler
	// still remembers, ended ones among them. An error says nothing about any job.
	Queue(ctx context.Context) ([]QueuedJob, error)

	// History asks the accounting for the jobs with these ids. ErrNoAccounting
	// where there is none. A job that it does not list is unknown, not gone.
	History(ctx context.Context, ids ...string) ([]QueuedJob, error)
}

// Submission is a rendered job on its way to an executor.
type Submission struct {
	Job    Job      // as it was rendered
	Path   string   // of the script, absolute
	After  []string // ids of live jobs that must succeed first (afterok)
	Hold   bool     // accept, but do not start before Release
	Env    []string // "NAME=value": handed to the job's environment and written nowhere
	Orphan bool     // leave the job pending, not cancelled, when a dependency fails
}

// QueuedJob is what the scheduler says of one job.
type QueuedJob struct {
	ID       string
	Name     string
	Comment  string
	State    State
	Reason   string    // why it is pending, or why it ended; the scheduler's own word
	Node     string    // node list; empty before it starts
	Submit   time.Time // zero if unknown
	Start    time.Time // zero if unknown
	End      time.Time // zero if unknown or still running
	Restarts int       // how often it was requeued
	Exit     *ExitCode // nil while it runs or if unknown
}

// ExitCode is how a job's batch process ended.
type ExitCode struct {
	Code   int // exit status
	Signal int // number of the signal that ended it, else 0
}

// The errors that callers tell apart.
var (
	ErrAmbiguous    = errors.New("the scheduler did not answer: the job may or may not have been accepted")
	ErrUnreachable  = errors.New("the scheduler cannot be reached")
	ErrDependency   = errors.New("the scheduler does not take the job to wait for: it does not know it, or it would wait for itself")
	ErrAbsent       = errors.New("there is no Slurm on this machine")
	ErrNoAccounting = errors.New("the cluster keeps no accounting")
)
