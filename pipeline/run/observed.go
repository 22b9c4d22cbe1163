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

	host string // this one
}

// observation is what was seen of one job.
type observation struct {
	Ended *slurm.QueuedJob `json:"ended,omitempty"` // as it was last listed, if it had ended
	// First is when it was first seen ended, or else absent from an answer: by host,
	// since each goes by its own clock.
	First map[string]time.Time `json:"first,omitempty"`

	Since  *time.Time `json:"-"` // First of this host, of an ended one
	Absent *time.Time `json:"-"` // First of this host, of an absent one
}

// mine takes from First what this host has seen.
func (o *observation) mine(host string) {
	o.Since, o.Absent = nil, nil
	at, ok := o.First[host]
	switch {
	case !ok:
	case o.Ended != nil:
		o.Since = &at
	default:
		o.Absent = &at
	}
}

// note adds that this host sees it so, and reports whether that is new.
func (o *observation) note(host string, now time.Time) bool {
	if _, known := o.First[host]; known {
		return false
	}
	if o.First == nil {
		o.First = map[string]time.Time{}
	}
	o.First[host] = now
	o.mine(host)
	return true
}

func readObservations(dir string) observations {
	var o observations
	err := workspace.ReadJSON(filepath.Join(dir, "observed.json"), &o, observedVersion)
	if err != nil || o.Jobs == nil {
		o = observations{Version: observedVersion, Jobs: map[string]*observation{}}
	}
	_, o.host = whoami()
	for _, seen := range o.Jobs {
		seen.mine(o.host)
	}
	return o
}

// write replaces the file, unless it has become another runpipe's meanwhile.
func (o observations) write(dir string) error {
	path := filepath.Join(dir, "observed.json")
	var there observations
	var other *workspace.VersionError
	if errors.As(workspace.ReadJSON(path, &there, observedVersion), &other) {
		return nil
	}
	return workspace.WriteJSON(path, o)
}

// see takes note of one answer for one job of the run, and reports whether
// anything worth keeping changed. job is nil if the answer did not list it.
func (o observations) see(id string, job *slurm.QueuedJob, now time.Time) bool {
	seen := o.Jobs[id]
	switch {
	case job != nil && job.State.Phase() == slurm.Ended:
		if seen == nil || seen.Ended == nil || seen.Ended.State != job.State {
			seen = &observation{Ended: job}
			o.Jobs[id] = seen
		}
		return seen.note(o.host, now)
	case job != nil:
		if seen == nil {
			return false
		}
		delete(o.Jobs, id) // it was requeued, or is back after an absence
		return true
	case seen == nil:
		seen = &observation{}
		o.Jobs[id] = seen
		return seen.note(o.host, now)
	case seen.Ended == nil:
		return seen.note(o.host, now)
	}
	return false
}
