// Package record is what a job says of itself: one file per attempt, written by
// the supervisor inside the job, and one per finished stage in the store. It is
// the first thing that a status rests on.
package record

import (
	"path/filepath"
	"time"

	"github.com/runpipe/runpipe/pipeline/workspace"
)

// Version is the version of record.json that this program writes and reads.
const Version = 1

// File is the name of a record within its folder.
const File = "record.json"

// Room is how much a job keeps free for what it writes at its end, in bytes: with
// less left on the disk it does not run its command.
const Room = 128 << 10

// State is how far a job came, in its own words.
type State string

// The states of a record. Only Succeeded is final by itself: a job that failed
// or was interrupted may be requeued by the scheduler and run again.
const (
	Running     State = "running"     // the command was started
	Succeeded   State = "succeeded"   // outputs are in the store
	Failed      State = "failed"      // the command, an output, a metric or a check failed
	Interrupted State = "interrupted" // a signal came; the scheduler knows why
	Drift       State = "drift"       // what the job found is not what was submitted; nothing ran
)

// Record is record.json. Fields that could not be read are null or absent,
// never guessed.
type Record struct {
	Version  int    `json:"version"`
	Run      string `json:"run"`
	Pipeline string `json:"pipeline"`
	Address  string `json:"address"`
	Kind     string `json:"kind"`
	Key      string `json:"key"`
	Attempt  int    `json:"attempt"`
	State    State  `json:"state"`
	Reason   string `json:"reason,omitempty"` // one sentence for a person: what failed, and what to do
	Step     string `json:"step,omitempty"`   // what was being done: prepare, command, outputs, metrics, checks, publish

	Executor string `json:"executor"`
	Job      string `json:"job,omitempty"`  // the scheduler's id
	Restarts int    `json:"restarts"`       // how often the scheduler requeued it
	Node     string `json:"node,omitempty"` // host name of the batch process

	Submitted *time.Time `json:"submitted,omitempty"` // when this attempt was written down to be handed over
	Started   time.Time  `json:"started"`
	Ended     *time.Time `json:"ended,omitempty"`
	ExitCode  *int       `json:"exit_code,omitempty"` // of the command
	Signal    string     `json:"signal,omitempty"`    // that ended the command, or that reached the job: SIGTERM
	Tasks     []Task     `json:"tasks,omitempty"`     // one per rank, where there are several

	Work    string            `json:"work,omitempty"` // the working copy, where it was kept
	Command []string          `json:"command,omitempty"`
	Script  string            `json:"script,omitempty"`
	Env     map[string]string `json:"env,omitempty"`      // declared variables by name and value
	PassEnv []string          `json:"pass_env,omitempty"` // names only
	Pins    map[string]string `json:"pins,omitempty"`
	Dirty   bool              `json:"dirty,omitempty"` // what it ran, or what that was made from, was not committed
	GPUs    []GPU             `json:"gpus,omitempty"`

	Determinism string   `json:"determinism,omitempty"` // "" is none
	Seed        *int64   `json:"seed,omitempty"`
	Inputs      []Input  `json:"inputs,omitempty"`
	Modules     []string `json:"modules,omitempty"` // loaded when the command started, as LOADEDMODULES lists them
	Machine     *Machine `json:"machine,omitempty"`
	Usage       *Usage   `json:"usage,omitempty"`

	*Installed // of an environment

	Outputs []Output           `json:"outputs,omitempty"`
	Metrics map[string]float64 `json:"metrics,omitempty"`
	Results any                `json:"results,omitempty"` // the metrics file as it is: what checks see besides Metrics
	Checks  []Check            `json:"checks,omitempty"`
}

// Output is a file or folder that the stage made.
type Output struct {
	Name   string `json:"name"`
	Path   string `json:"path"`   // relative to the store entry's outputs folder, slash-separated
	Size   int64  `json:"size"`   // bytes, of all files
	Files  int    `json:"files"`  // number of files; 1 for a file
	Digest string `json:"digest"` // "sha256:<hex>" of the file, of the sorted listing of the folder, or of a link's text
	// Contents is the digest of the folder that a link leads to, "" where the
	// output is no link: an environment stays where it was built.
	Contents string `json:"contents,omitempty"`
}

// Check is the verdict on one check.
type Check struct {
	Name    string `json:"name"`
	Passed  bool   `json:"passed"`
	Warn    bool   `json:"warn,omitempty"`
	Message string `json:"message,omitempty"` // when it did not pass
}

// Task is how one rank of a command with several tasks ended.
type Task struct {
	Rank     int    `json:"rank"`
	Node     string `json:"node"`
	ExitCode int    `json:"exit_code"`
	Signal   string `json:"signal,omitempty"`
	Usage    *Usage `json:"usage,omitempty"`
}

// GPU is a GPU the job held, with what was sampled while its command ran.
type GPU struct {
	Index      int      `json:"index"`
	UUID       string   `json:"uuid,omitempty"`
	Model      string   `json:"model,omitempty"`
	Driver     string   `json:"driver,omitempty"`
	PeakMemory *int64   `json:"peak_memory,omitempty"` // bytes
	MeanUse    *float64 `json:"mean_use,omitempty"`    // percent of the time in which a kernel ran
}

// ChecksHeld reports whether no check failed that is more than a warning.
func (r *Record) ChecksHeld() bool {
	for _, c := range r.Checks {
		if !c.Passed && !c.Warn {
			return false
		}
	}
	return true
}

// Read reads the record in a folder: a store entry's, or an attempt's. The
// error wraps fs.ErrNotExist where there is none.
func Read(folder string) (*Record, error) {
	var r Record
	if err := workspace.ReadJSON(filepath.Join(folder, File), &r, Version); err != nil {
		return nil, err
	}
	return &r, nil
}

// Write writes the record into a folder.
func Write(folder string, r *Record) error {
	r.Version = Version
	return workspace.WriteJSON(filepath.Join(folder, File), r)
}
