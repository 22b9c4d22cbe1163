package slurm

import "strings"

// State is a job's state in Slurm's own words (squeue(1), JOB STATE CODES), in
// the long form. The local executor uses the same words.
type State string

// Phase is what a state means for someone who waits for the job.
type Phase int

// The phases, from submission on. An Unknown state is never final.
const (
	Unknown Phase = iota
	Pending
	Running
	Ended
)

// states has a row for every state that Slurm documents.
var states = map[State]struct {
	phase   Phase
	success bool
}{
	"PENDING":       {Pending, false}, // waits for resources or a dependency
	"CONFIGURING":   {Pending, false}, // has its nodes, which are booting
	"REQUEUED":      {Pending, false}, // goes back into the queue
	"REQUEUE_FED":   {Pending, false}, // likewise, by a federation
	"REQUEUE_HOLD":  {Pending, false}, // went back into the queue, held
	"SPECIAL_EXIT":  {Pending, false}, // likewise, with a flag set by the site
	"RESV_DEL_HOLD": {Pending, false}, // held since its reservation was deleted
	"RUNNING":       {Running, false},
	"COMPLETING":    {Running, false}, // its processes are being ended
	"SIGNALING":     {Running, false}, // a signal is on its way to it
	"STAGE_OUT":     {Running, false}, // its burst buffer is written out
	"STOPPED":       {Running, false}, // SIGSTOP; keeps its CPUs
	"SUSPENDED":     {Running, false}, // stopped; its CPUs are given to others
	"RESIZING":      {Running, false}, // about to change its size
	"COMPLETED":     {Ended, true},
	"FAILED":        {Ended, false},
	"CANCELLED":     {Ended, false}, // by its user, an administrator, or a dependency
	"TIMEOUT":       {Ended, false}, // reached its time limit
	"DEADLINE":      {Ended, false}, // reached its --deadline
	"OUT_OF_MEMORY": {Ended, false},
	"NODE_FAIL":     {Ended, false},
	"BOOT_FAIL":     {Ended, false},
	"LAUNCH_FAILED": {Ended, false}, // newer releases: the node could not start it
	"PREEMPTED":     {Ended, false},
	"REVOKED":       {Ended, false}, // a sibling in the federation runs instead
}

// ParseState reads a state as squeue and sacct print it: "CANCELLED by 1000" is
// CANCELLED, "CANCELLED+" (a cut column) too.
func ParseState(s string) State {
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	return State(strings.TrimRight(s, "+"))
}

// Phase says what s means. States that are not documented are Unknown.
func (s State) Phase() Phase { return states[s].phase }

// Success reports whether the scheduler saw the job end well.
func (s State) Success() bool { return states[s].success }
