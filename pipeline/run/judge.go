package run

import (
	"fmt"
	"strings"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/slurm"
)

// judge decides on a stage that has a job and no record of success: the record
// first, then what the scheduler says.
func (s *StageStatus) judge(rec *record.Record, e evidence, waitsFor []string) {
	job, listed := e.queue[s.Job]
	seen := e.seen.Jobs[s.Job]
	if !listed && seen != nil && seen.Ended != nil {
		job, listed = *seen.Ended, true
	}
	if listed {
		s.Attempts = max(s.Attempts, job.Restarts+1)
	}
	if rec != nil && listed && job.State.Phase() != slurm.Ended && job.Restarts > rec.Restarts {
		rec = nil // an earlier start's: a live job that was requeued since beats it
		s.forget()
	}
	if rec != nil && listed && e.startForgotten(s.Address, rec, job) {
		rec = nil // it will start again
	}
	switch {
	case listed && job.State.Phase() == slurm.Pending && rec == nil:
		s.pending(job, waitsFor)
		if e.submission != "" {
			s.Reason = "held, " + e.submission
		} else if job.Reason == heldByUser && e.ledger.released {
			s.Reason = e.heldAgain()
		}
	case rec != nil && failedRecord(rec) && listed && job.State.Phase() == slurm.Running:
		s.State, s.Reason = Running, "has failed, and is being ended"
	case rec != nil && failedRecord(rec) && rec.Executor != "local" && !e.over(s.Job):
		s.State, s.Reason = Running, "has failed; whether it starts again, Slurm has not said yet"
	case rec != nil && failedRecord(rec):
		s.failed(rec, job, listed)
	case listed && job.State.Phase() == slurm.Ended:
		s.ended(rec, job, e)
	case rec != nil && rec.State == record.Interrupted && listed:
		s.State, s.Reason = Running, "is being ended ("+rec.Signal+")"
	case rec != nil && rec.State == record.Running:
		s.running(rec, seen, e.now)
	case listed && job.State.Phase() == slurm.Running:
		s.State = Running
		s.takeQueued(job)
	case listed: // a state that no table knows is not final
		s.State, s.Reason = Queued, "Slurm says "+string(job.State)
	default:
		s.absent(rec, seen, e, waitsFor)
	}
	if listed {
		s.pause(job.State)
	}
}

// pauses tells of the states in which Slurm has a job that neither waits for its turn
// nor gets on.
var pauses = map[slurm.State]string{
	"CONFIGURING": "its nodes are being started up",
	"SUSPENDED":   "suspended: others have its CPUs, until Slurm or scontrol resume lets it go on",
	"STOPPED":     "stopped by SIGSTOP: it goes on at SIGCONT",
	"STAGE_OUT":   "its burst buffer is being written out",
}

// pause tells of such a state, unless a record has told of more since.
func (s *StageStatus) pause(state slurm.State) {
	agrees := s.State == Running && state.Phase() == slurm.Running || s.State == Queued && state.Phase() == slurm.Pending
	if what := pauses[state]; what != "" && agrees {
		s.Reason = strings.TrimSuffix(what+"; "+s.Reason, "; ")
	}
}

// over reports whether the scheduler was seen to have ended the job, or not to know it
// any more. Until then a failure is not final: what fails since its node was lost, Slurm
// starts again, on its own.
func (e evidence) over(id string) bool {
	if job, listed := e.queue[id]; listed {
		return job.State.Phase() == slurm.Ended
	}
	return e.seen.Jobs[id] != nil
}

// endedFirst reports whether a stage that nobody cancelled through runpipe was cancelled
// before its upstream had ended, by the scheduler's clock: it stays cancelled.
func (e evidence) endedFirst(s, upstream *StageStatus) bool {
	job, up := e.last(s.Job), e.last(upstream.Job)
	byRunpipe := e.ledger.cancelled[s.Address] != "" || e.ledger.skipped[s.Address] != ""
	return job.State == "CANCELLED" && job.Reason != "DependencyNeverSatisfied" && !byRunpipe &&
		!job.End.IsZero() && up.End.After(job.End)
}

// last is how the scheduler last listed a job, as far as that is known.
func (e evidence) last(id string) slurm.QueuedJob {
	if job, listed := e.queue[id]; listed {
		return job
	}
	if seen := e.seen.Jobs[id]; seen != nil && seen.Ended != nil {
		return *seen.Ended
	}
	return slurm.QueuedJob{}
}

func failedRecord(rec *record.Record) bool {
	return rec.State == record.Failed || rec.State == record.Drift
}

// forget takes back what an earlier start's record told.
func (s *StageStatus) forget() {
	s.Started, s.Ended, s.Node, s.ExitCode, s.Metrics, s.Checks, s.Work = nil, nil, "", nil, nil, nil, ""
}

func (s *StageStatus) takeQueued(job slurm.QueuedJob) {
	if job.Node != "" && s.Node == "" {
		s.Node = job.Node
	}
	if !job.Start.IsZero() && s.Started == nil {
		s.Started = &job.Start
	}
	if !job.End.IsZero() && s.Ended == nil && job.State.Phase() == slurm.Ended {
		s.Ended = &job.End
		if !job.Start.IsZero() { // by the same clock: the node's may be another
			s.Started = &job.Start
		}
	}
	if job.Exit != nil && s.ExitCode == nil && job.State.Phase() == slurm.Ended && job.Exit.Signal == 0 {
		s.ExitCode = &job.Exit.Code
	}
}

// pending tells of a job that waits, for an upstream or for its turn.
func (s *StageStatus) pending(job slurm.QueuedJob, waitsFor []string) {
	s.forget()
	if len(waitsFor) > 0 {
		s.State, s.Reason = Waiting, waitingFor(waitsFor)
		return
	}
	s.State = Queued
	// The answer may be older than the end of the last upstream.
	if job.Reason != "None" && job.Reason != "Dependency" {
		s.Reason = pendingReason(job.Reason)
	}
	if job.Restarts > 0 {
		s.Reason = strings.TrimPrefix(fmt.Sprintf("%s; requeued %s", s.Reason, times(job.Restarts)), "; ")
	}
}

// waitingFor names the first of them, where they are many.
func waitingFor(addresses []string) string {
	const named = 3
	if more := len(addresses) - named; more > 1 {
		return fmt.Sprintf("for %s and %d others", strings.Join(addresses[:named], ", "), more)
	}
	return "for " + strings.Join(addresses, ", ")
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// failed tells of a job whose record says so. The scheduler may know the cause
// better: a limit that it enforced.
func (s *StageStatus) failed(rec *record.Record, job slurm.QueuedJob, listed bool) {
	s.State, s.Reason = Failed, rec.Reason
	if listed {
		if told, ok := endings[job.State]; ok && told.cause {
			s.Reason = s.tell(told.reason)
		}
	}
	if s.Reason == "" {
		s.Reason = "failed"
	}
}

// ending is what an end that Slurm reports means for a stage.
type ending struct {
	state  State
	reason string // %s is the stage's time limit
	cause  bool   // Slurm ended it: this tells more than the job's own record
}

// endings has a row for every state in which Slurm leaves a job.
var endings = map[slurm.State]ending{
	"COMPLETED":     {Failed, "the job ended without leaving a record", false},
	"FAILED":        {Failed, "the job was ended before it could record how: see its log", false},
	"CANCELLED":     {Cancelled, "cancelled", true},
	"TIMEOUT":       {Failed, "reached its time limit%s: raise resources.time", true},
	"DEADLINE":      {Failed, "reached its --deadline", true},
	"OUT_OF_MEMORY": {Failed, "ran out of memory: raise resources.memory", true},
	"NODE_FAIL":     {Failed, "its node, or the scheduler there, failed: a crash, a kill or a full disk", true},
	"BOOT_FAIL":     {Failed, "its node did not boot", true},
	"LAUNCH_FAILED": {Failed, "its node could not start it", true},
	"PREEMPTED":     {Failed, "preempted by a job of higher priority", true},
	"REVOKED":       {Cancelled, "another cluster of the federation took it", true},
}

func (s *StageStatus) tell(reason string) string {
	if !strings.Contains(reason, "%s") {
		return reason
	}
	limit := ""
	if s.Limit > 0 {
		limit = " of " + slurm.FormatTime(s.Limit)
	}
	return fmt.Sprintf(reason, limit)
}

// recordDelay is how long after a job's end its record may still come to light:
// file systems show other nodes' files late (30 s measured on NFS), and an
// orphaned supervisor wrote one 20 s after its node was given up.
const recordDelay = time.Minute

// ended tells of a job that Slurm says has ended, and whose record does not say
// how.
func (s *StageStatus) ended(rec *record.Record, job slurm.QueuedJob, e evidence) {
	s.takeQueued(job)
	told, ok := endings[job.State]
	switch {
	case !ok:
		s.State, s.Reason = Failed, "Slurm says "+string(job.State)
	case job.State.Success() && e.fresh(job):
		s.State, s.Reason = Running, "has ended; its record is not in sight yet"
	case job.State == "CANCELLED" && job.Reason == "DependencyNeverSatisfied":
		s.State, s.Reason = Skipped, "because an upstream did not succeed"
	case job.State == "CANCELLED" && e.ledger.skipped[s.Address] != "":
		s.State, s.Reason = Skipped, "because "+e.ledger.skipped[s.Address]+" was being ended"
	case job.State == "CANCELLED":
		s.State, s.Reason = Cancelled, "cancelled"+by(e.ledger.cancelled[s.Address])
	default:
		s.State, s.Reason = told.state, s.tell(told.reason)
	}
	if rec != nil && rec.Signal != "" && s.State == Failed && !told.cause {
		s.Reason = "ended by " + rec.Signal
	}
}

// fresh reports whether the job has ended so lately that its record may still come
// to light. The scheduler's clock may be minutes off: what counts is since when it
// is known here, unless that was looked at long after the end.
func (e evidence) fresh(job slurm.QueuedJob) bool {
	const long = time.Hour
	seen := e.seen.Jobs[job.ID]
	if seen == nil || seen.Since == nil || e.now.Sub(job.End) > long {
		return !job.End.IsZero() && e.now.Sub(job.End) < recordDelay
	}
	return e.now.Sub(*seen.Since) < recordDelay
}

func by(who string) string {
	if who == "" {
		return " (with scancel, or by an administrator)"
	}
	return " by " + who
}

// running tells of a job whose record says that it runs.
func (s *StageStatus) running(rec *record.Record, seen *observation, now time.Time) {
	s.State, s.Ended, s.ExitCode = Running, nil, nil
	if rec.Restarts > 0 {
		s.Reason = "requeued " + times(rec.Restarts)
	}
	s.missing(seen, now)
}

// missing tells of an absence, and calls a stage lost when it has lasted.
func (s *StageStatus) missing(seen *observation, now time.Time) {
	if seen == nil || seen.Absent == nil {
		return
	}
	gone := now.Sub(*seen.Absent)
	if gone < absence {
		if gone > 10*time.Second {
			s.Reason = "the scheduler has not listed it since " + seen.Absent.Local().Format(time.TimeOnly)
		}
		return
	}
	s.State = Lost
	s.Reason = "it left no record, and the scheduler has not listed it for " + absence.String()
}

// absent tells of a job that the newest answer does not list, or that nobody
// has asked about.
func (s *StageStatus) absent(rec *record.Record, seen *observation, e evidence, waitsFor []string) {
	switch {
	case rec != nil && rec.State == record.Interrupted && seen != nil && seen.Absent != nil:
		// The record is provisional, and whoever could confirm it has forgotten.
		s.State, s.Reason = Failed, "ended by "+rec.Signal+"; Slurm no longer knows why (cancelled, time limit or preempted)"
		if who := e.ledger.cancelled[s.Address]; who != "" {
			s.State, s.Reason = Cancelled, "cancelled by "+who
		}
		return
	case rec != nil && rec.State == record.Interrupted:
		s.State, s.Reason = Running, "is being ended ("+rec.Signal+")"
	case len(waitsFor) > 0:
		s.State, s.Reason = Waiting, waitingFor(waitsFor)
		return
	default:
		s.State = Queued
	}
	s.missing(seen, e.now)
}
