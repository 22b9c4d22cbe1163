package run

import (
	"fmt"
	"time"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
)

// absence is how long a job must be missing from every answer before it is
// called lost: a controller that restarts lists no jobs for a while.
const absence = 5 * time.Minute

// evidence is all that a status rests on.
type evidence struct {
	run        string // its id
	ledger     ledger
	submission string                     // how the submission stands, while it is not over
	records    map[string]*record.Record  // by address: of the newest attempt
	damaged    map[string]error           // by address: why its record cannot be read
	queue      map[string]slurm.QueuedJob // by job id: the newest answer
	before     map[string]*record.Record  // as they were when it was asked for
	seen       observations
	now        time.Time
}

// reconcile tells where each stage stands, dependencies first. It is a function
// of its arguments alone.
func (r *Run) reconcile(e evidence) Status {
	status := Status{
		Version: StatusVersion, Run: r.Run, Pipeline: r.Pipeline, File: r.File, Name: r.Name,
		Executor: r.Executor, Created: r.Created,
	}
	settled := map[string]*StageStatus{}
	for i := range r.Stages {
		submitted := &r.Stages[i]
		s := r.blank(submitted, e)
		r.settle(&s, submitted, e, settled)
		if s.State == Succeeded {
			s.Outputs = submitted.Outputs
		}
		status.Stages = append(status.Stages, s)
		status.Dirty = status.Dirty || s.Dirty
		settled[s.Address] = &status.Stages[len(status.Stages)-1]
	}
	status.State, status.Ended = overall(status.Stages, r.Created)
	return status
}

// blank fills in what holds for a stage whatever its state.
func (r *Run) blank(submitted *plan.SubmittedStage, e evidence) StageStatus {
	s := StageStatus{
		Address: submitted.Address, Kind: submitted.Kind, Key: submitted.Key,
		Limit: submitted.Limit, State: Waiting, Dirty: submitted.Dirty,
	}
	if rec := submitted.Reused; rec != nil {
		s.Reused = true
		s.take(rec)
		s.Log = logOf(r.workspace, rec)
		return s
	}
	job, ok := e.ledger.jobs[s.Address]
	if !ok {
		return s
	}
	s.Job, s.Attempts = job.id, 1
	s.Log = workspace.Attempt(r.StageDir(s.Address), job.attempt) + "/log"
	if rec := e.records[s.Address]; rec != nil {
		s.take(rec)
		s.Attempts = rec.Restarts + 1
		s.Work = rec.Work
	}
	return s
}

// take copies from a record what a status shows of it.
func (s *StageStatus) take(rec *record.Record) {
	started := rec.Started
	s.Started, s.Ended, s.Node, s.ExitCode = &started, rec.Ended, rec.Node, rec.ExitCode
	s.Metrics, s.Checks = rec.Metrics, rec.Checks
}

// settle decides on the state of one stage whose upstreams are settled.
func (r *Run) settle(s *StageStatus, submitted *plan.SubmittedStage, e evidence, settled map[string]*StageStatus) {
	rec := e.records[s.Address]
	switch {
	case s.Reused:
		s.State = Succeeded
		if s.checkFailed() {
			s.State, s.Reason = Failed, checkReason(s.Checks)
		}
		return
	case rec != nil && rec.State == record.Succeeded:
		s.State = Succeeded
		return
	}
	if rec == nil && e.ledger.rolledBack != "" && e.ledger.takenBack {
		s.State, s.Reason = Cancelled, e.ledger.whyTakenBack(s.Address)
		return
	}
	if why := e.damaged[s.Address]; why != nil && s.Job != "" {
		r.unreadable(s, why, e)
		return
	}
	if rec == nil {
		if upstream := broken(submitted.After, settled); upstream != nil && !e.ledger.cancelledFirst(s.Address, upstream.Address) && !e.endedFirst(s, upstream) {
			s.State, s.Reason = Skipped, because(upstream)
			return
		}
	}
	if s.Job == "" {
		r.settleUnsubmitted(s, e)
		return
	}
	s.judge(rec, e, unfinished(submitted.After, settled))
	if s.State == Queued && s.Reason == "" {
		s.Reason = e.unseen(submitted.After, settled)
	}
}

// settleUnsubmitted decides on a stage that has no job.
func (r *Run) settleUnsubmitted(s *StageStatus, e evidence) {
	s.State, s.Reason = Waiting, "not submitted yet"
	if e.submission != "" {
		s.Reason = e.submission
	}
	if who := e.ledger.cancelled[s.Address]; who != "" {
		s.State, s.Reason = Cancelled, "cancelled by "+who+" before it was submitted"
	}
}

// broken finds the first upstream that ended without success.
func broken(after []string, settled map[string]*StageStatus) *StageStatus {
	for _, address := range after {
		if up := settled[address]; up != nil && up.State.Ended() && up.State != Succeeded {
			return up
		}
	}
	return nil
}

// unfinished lists the upstreams that a stage still waits for.
func unfinished(after []string, settled map[string]*StageStatus) []string {
	var waiting []string
	for _, address := range after {
		if up := settled[address]; up != nil && !up.State.Ended() {
			waiting = append(waiting, address)
		}
	}
	return waiting
}

// because is the reason of a stage that was skipped: the stage that failed, and
// how, even if other skipped stages lie between them.
func because(up *StageStatus) string {
	switch up.State {
	case Skipped:
		return up.Reason
	case Failed:
		if up.checkFailed() {
			return fmt.Sprintf("because a check of %s did not hold", up.Address)
		}
		return fmt.Sprintf("because %s failed%s", up.Address, where(up))
	case Lost:
		return fmt.Sprintf("because %s was lost", up.Address)
	}
	return fmt.Sprintf("because %s was %s", up.Address, up.State)
}

func where(s *StageStatus) string {
	switch {
	case s.ExitCode != nil && s.Node != "":
		return fmt.Sprintf(" (exit %d on %s)", *s.ExitCode, s.Node)
	case s.ExitCode != nil:
		return fmt.Sprintf(" (exit %d)", *s.ExitCode)
	case s.Node != "":
		return " (on " + s.Node + ")"
	}
	return ""
}

func checkReason(checks []record.Check) string {
	for _, c := range checks {
		if !c.Passed && !c.Warn {
			return fmt.Sprintf("check %q: %s", c.Name, c.Message)
		}
	}
	return ""
}

// overall is the state of the run, and when it ended.
func overall(stages []StageStatus, created time.Time) (State, *time.Time) {
	state, ended := Succeeded, created
	for _, s := range stages {
		if !s.State.Ended() {
			return Running, nil
		}
		if s.Ended != nil && s.Ended.After(ended) && !s.Reused {
			ended = *s.Ended
		}
		switch s.State {
		case Failed, Lost:
			state = Failed
		case Cancelled:
			if state == Succeeded {
				state = Cancelled
			}
		}
	}
	return state, &ended
}
