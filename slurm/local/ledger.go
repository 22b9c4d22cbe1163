package local

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

// The reasons that jobs are pending or ended for: squeue(1), JOB REASON CODES,
// where Slurm has a word for it.
const (
	reasonHeld       = "JobHeldUser"
	reasonDependency = "Dependency"
	reasonNever      = "DependencyNeverSatisfied"
	reasonResources  = "Resources"
	reasonLaunch     = "JobLaunchFailure" // followed by ": " and what failed
	reasonTimeLimit  = "TimeLimit"
	reasonExit       = "NonZeroExitCode"
	reasonSignal     = "RaisedSignal"
	reasonMemory     = "OutOfMemory"
	reasonDown       = "NodeDown"            // the scheduler died
	reasonIdle       = "SchedulerNotRunning" // ready, and released by a submitter that died before it started one
)

// status is what became of a job so far.
type status struct {
	State  slurm.State `json:"state"`
	Reason string      `json:"reason,omitempty"`
	Node   string      `json:"node,omitempty"`
	Start  time.Time   `json:"start,omitzero"`
	End    time.Time   `json:"end,omitzero"`
	Exit   *exit       `json:"exit,omitempty"`
}

// exit is how a batch process ended.
type exit struct {
	Code   int `json:"code"`
	Signal int `json:"signal,omitempty"`
}

func (s status) ended() bool { return s.State.Phase() == slurm.Ended }

// job is a submitted job with what was asked for it since.
type job struct {
	id     string
	number int
	submission
	released, cancelled bool
	recorded            bool // a scheduler has written its status
	taken               bool // and was free to start it
	status
}

func (j *job) held() bool { return j.Hold && !j.released }

// ready reports whether only the machine keeps j from starting.
func (j *job) ready() bool { return j.State == "PENDING" && j.Reason == reasonResources }

// ledger is all jobs of a run, in the order of their submission.
type ledger struct {
	jobs []*job
	byID map[string]*job
}

// load adds the jobs and requests that stand in f and are not known yet.
// cache holds submissions that were read before: they never change.
func (l *ledger) load(f folder, cache map[string]submission) error {
	entries, err := f.entries()
	if err != nil {
		return err
	}
	if l.byID == nil {
		l.byID = map[string]*job{}
	}
	for _, e := range entries {
		if e.kind != "json" || l.byID[e.id] != nil {
			continue
		}
		sub, ok := cache[e.id]
		if !ok {
			if info, err := os.Stat(f.submission(e.id)); err == nil && info.Size() == 0 {
				continue // reserved, not submitted
			}
			if err := readJSON(f.submission(e.id), &sub); err != nil {
				return err
			}
			cache[e.id] = sub
		}
		j := &job{id: e.id, number: e.number, submission: sub, status: status{State: "PENDING"}}
		l.jobs, l.byID[e.id] = append(l.jobs, j), j
	}
	for _, e := range entries {
		if j := l.byID[e.id]; j != nil {
			j.released = j.released || e.kind == string(released)
			j.cancelled = j.cancelled || e.kind == string(cancelled)
		}
	}
	slices.SortFunc(l.jobs, func(a, b *job) int { return a.number - b.number })
	return nil
}

// apply takes over what a scheduler has written.
func (l *ledger) apply(st state) {
	for _, j := range l.jobs {
		if s, ok := st.Jobs[j.id]; ok {
			j.status, j.recorded, j.taken = s, true, s.Reason != reasonHeld
		}
	}
}

// settle says of each pending job what it waits for, and ends those that were
// cancelled or can never start. Dependencies have lower ids, so that one pass
// carries a failure through the whole graph.
func (l *ledger) settle(now time.Time) {
	for _, j := range l.jobs {
		l.settleOne(j, now)
	}
}

func (l *ledger) settleOne(j *job, now time.Time) {
	if j.State != "PENDING" {
		return
	}
	failed, waits := l.dependencies(j)
	switch {
	case j.cancelled:
		j.State, j.Reason, j.End = "CANCELLED", "", now
	case failed && !j.Orphan:
		j.State, j.Reason, j.End = "CANCELLED", reasonNever, now
	case failed:
		j.Reason = reasonNever
	case j.held():
		j.Reason = reasonHeld
	case waits:
		j.Reason = reasonDependency
	default:
		j.Reason = reasonResources
	}
}

func (l *ledger) dependencies(j *job) (failed, waits bool) {
	for _, id := range j.After {
		up := l.byID[id]
		switch {
		case up == nil, up.ended() && !up.State.Success():
			failed = true
		case !up.ended():
			waits = true
		}
	}
	return failed, waits
}

// bury ends the jobs that a dead scheduler had taken over: those that may have
// run are NODE_FAIL, the ones behind them can never start. Jobs of which alive
// says that processes are left are still COMPLETING.
func (l *ledger) bury(alive func(*job) bool) {
	for _, j := range l.jobs {
		l.settleOne(j, time.Time{})
		// One that was about to start may have started, with no time to write so.
		if j.State.Phase() != slurm.Running && !(j.taken && j.ready()) {
			continue
		}
		j.State, j.Reason = "NODE_FAIL", reasonDown
		if alive(j) {
			j.State = "COMPLETING"
		}
	}
}

// state is state.json.
type state struct {
	Version   int               `json:"version"`
	Scheduler *identity         `json:"scheduler,omitempty"` // nil once it has ended by itself
	Jobs      map[string]status `json:"jobs"`
}

// readState reads state.json; a run that has none yet has an empty state.
func (f folder) readState() (state, error) {
	var st state
	if err := readJSON(f.state(), &st); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return state{}, err
	}
	return st, nil
}
