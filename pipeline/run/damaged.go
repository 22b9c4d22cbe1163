package run

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/stages"
)

// unreadable decides on a stage whose record is there, and cannot be read: it has
// started, and what became of it only the scheduler and the store can tell.
func (r *Run) unreadable(s *StageStatus, why error, e evidence) {
	job, listed := e.queue[s.Job]
	seen := e.seen.Jobs[s.Job]
	if !listed && seen != nil && seen.Ended != nil {
		job, listed = *seen.Ended, true
	}
	if listed {
		s.Attempts = max(s.Attempts, job.Restarts+1)
		s.takeQueued(job)
	}
	switch phase := job.State.Phase(); {
	case listed && phase == slurm.Pending: // it was requeued
		s.pending(job, nil)
	case listed && phase != slurm.Ended:
		s.State, s.Reason = Running, "Slurm says "+string(job.State)
		if r.Executor == "local" {
			s.Reason = "its job is " + string(job.State)
		}
	case listed && job.State.Success():
		r.endedUnread(s, true) // a job ends with 0 exactly when its record says that it succeeded
	case listed:
		s.ended(nil, job, e)
		if !endings[job.State].cause {
			s.Reason = "the job ended as " + string(job.State)
		}
	case r.publishedBy(s) != nil:
		r.endedUnread(s, false)
	case seen != nil && seen.Absent != nil && e.now.Sub(*seen.Absent) >= absence:
		s.State, s.Reason = Lost, "the scheduler has not listed it for "+absence.String()
	default:
		s.State, s.Reason = Running, "it has started, and the scheduler does not list it"
		if seen != nil && seen.Absent != nil {
			s.Reason += "; it is called lost at " + seen.Absent.Add(absence).Local().Format(time.TimeOnly)
		}
	}
	what := "the job writes it anew when it ends"
	if s.State.Ended() {
		what = "apply again reuses what it has published, or else runs it anew"
	}
	s.Reason = strings.TrimPrefix(fmt.Sprintf("%s; its record cannot be read: %v; %s", s.Reason, why, what), "; ")
}

// endedUnread decides on a stage of which the scheduler, or else only the store,
// knows that it came to its end.
func (r *Run) endedUnread(s *StageStatus, well bool) {
	made := r.publishedBy(s)
	switch {
	case made == nil:
		s.State, s.Reason = Lost, "the job ended well, and what it made is not in the store"
	case well || !r.judges(s):
		s.State, s.Reason = Succeeded, "as the store tells"
		if well {
			s.Reason = "as the scheduler and the store tell"
		}
		s.take(made)
	default:
		s.take(made)
		s.State, s.Reason = Lost, "what it made is in the store; whether its checks held is not known any more"
	}
}

// publishedBy is the store's record of the stage if this very job made it; else nil.
func (r *Run) publishedBy(s *StageStatus) *record.Record {
	made, err := record.Read(r.workspace.Finished(s.Key))
	if err != nil || made.Run != r.Run || made.Address != s.Address || made.Job != s.Job || made.State != record.Succeeded {
		return nil
	}
	return made
}

// judges reports whether the stage has checks, as far as its manifest tells.
func (r *Run) judges(s *StageStatus) bool {
	var m stages.Manifest
	data, err := os.ReadFile(filepath.Join(r.StageDir(s.Address), "job.json"))
	return err != nil || json.Unmarshal(data, &m) != nil || len(m.Checks) > 0
}
