package run

import (
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
)

// State is the state of a stage or of a run.
type State string

// The states of a stage. A run is Running, Succeeded, Failed or Cancelled.
const (
	Waiting   State = "waiting" // for an upstream
	Queued    State = "queued"
	Running   State = "running"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Cancelled State = "cancelled"
	Skipped   State = "skipped" // an upstream did not succeed
	Lost      State = "lost"    // no record, and absent from the scheduler for five minutes
)

// Ended reports whether s is final.
func (s State) Ended() bool {
	return s != Waiting && s != Queued && s != Running
}

// StatusVersion is the version of what `status --json` prints.
const StatusVersion = 1

// Status is where a run stands: what `status --json` prints, and what every
// other view is drawn from.
type Status struct {
	Version  int           `json:"version"`
	Run      string        `json:"run"`
	Pipeline string        `json:"pipeline"`
	File     string        `json:"file"`           // the pipeline's, absolute
	Name     string        `json:"name,omitempty"` // of the run, if it was given one
	Executor string        `json:"executor"`
	State    State         `json:"state"`
	Dirty    bool          `json:"dirty,omitempty"` // it runs what was not committed
	Created  time.Time     `json:"created"`
	Ended    *time.Time    `json:"ended,omitempty"`
	Stages   []StageStatus `json:"stages"` // in the plan's order: dependencies first
	// Stale says why the scheduler could not be asked; what it would have told
	// is then what the records say, or what it said before.
	Stale string `json:"stale,omitempty"`
	// Full is the workspace, if its file system has no room left: then records may
	// be missing, and jobs fail.
	Full string `json:"full,omitempty"`
}

// StageStatus is where one stage stands.
type StageStatus struct {
	Address  string             `json:"address"`
	Kind     string             `json:"kind"`
	State    State              `json:"state"`
	Key      string             `json:"key"`
	Reused   bool               `json:"reused"`
	Dirty    bool               `json:"dirty,omitempty"` // its code, or what it was made from, was not committed
	Job      string             `json:"job,omitempty"`
	Attempts int                `json:"attempts"`
	ExitCode *int               `json:"exit_code"`
	Node     string             `json:"node,omitempty"`
	Started  *time.Time         `json:"started"`
	Ended    *time.Time         `json:"ended"`
	Reason   string             `json:"reason,omitempty"` // why it waits, failed or was skipped; for a person
	Log      string             `json:"log,omitempty"`    // absolute path
	Work     string             `json:"work,omitempty"`   // the working copy, kept after a failure
	Metrics  map[string]float64 `json:"metrics"`
	Checks   []record.Check     `json:"checks,omitempty"`
	Outputs  map[string]string  `json:"outputs,omitempty"` // name → absolute path, once it succeeded
	Limit    time.Duration      `json:"-"`                 // its time limit; 0 is the site's default
}

// ExitCode is the exit status that a run in this state gives to apply: 0 when
// all stages succeeded, 4 when nothing but checks failed, else 3.
func (s Status) ExitCode() int {
	checks := false
	for _, stage := range s.Stages {
		switch {
		case stage.State == Succeeded, stage.State == Skipped:
		case stage.State == Failed && stage.checkFailed():
			checks = true
		default:
			return 3
		}
	}
	if checks {
		return 4
	}
	if s.State != Succeeded {
		return 3
	}
	return 0
}

func (s StageStatus) checkFailed() bool {
	for _, c := range s.Checks {
		if !c.Passed && !c.Warn {
			return true
		}
	}
	return false
}
