package run

import (
	"errors"
	"path/filepath"
	"time"

	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
)

// observedVersion is the version of observed.json.
const observedVersion = 1

// observations is observed.json: what the scheduler said of jobs that it will
// not remember. Slurm without accounting forgets a job five minutes after its
// end (MinJobAge), so that whoever looks in time writes down what it saw. The
// file is a note: losing it, or a race of two writers, loses no truth that a
// record holds.
type observations struct {
	Version int                     `json:"version"`
	Jobs    map[string]*observation `json:"jobs"` // by id

	foreign bool // the file is another runpipe's, and stays as it is
}

// observation is what was seen of one job.
type observation struct {
	Ended  *slurm.QueuedJob `json:"ended,omitempty"`  // as it was last listed, if it had ended
	Absent *time.Time       `json:"absent,omitempty"` // since when no answer has listed it
}

func readObservations(dir string) observations {
	var o observations
	err := workspace.ReadJSON(filepath.Join(dir, "observed.json"), &o, observedVersion)
	if err != nil || o.Jobs == nil {
		var other *workspace.VersionError
		return observations{Version: observedVersion, Jobs: map[string]*observation{}, foreign: errors.As(err, &other)}
	}
	return o
}

func (o observations) write(dir string) error {
	if o.foreign {
		return nil
	}
	return workspace.WriteJSON(filepath.Join(dir, "observed.json"), o)
}

// see takes note of one answer for one job of the run, and reports whether
// anything worth keeping changed. job is nil if the answer did not list it.
func (o observations) see(id string, job *slurm.QueuedJob, now time.Time) bool {
	seen := o.Jobs[id]
	switch {
	case job != nil && job.State.Phase() == slurm.Ended:
		if seen != nil && seen.Ended != nil && seen.Ended.State == job.State {
			return false
		}
		o.Jobs[id] = &observation{Ended: job}
		return true
	case job != nil:
		if seen == nil {
			return false
		}
		delete(o.Jobs, id) // it was requeued, or is back after an absence
		return true
	case seen == nil:
		o.Jobs[id] = &observation{Absent: &now}
		return true
	}
	return false
}
