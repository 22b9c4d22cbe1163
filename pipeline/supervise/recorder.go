package supervise

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

// recorder holds the attempt's record and writes it. The job and its signals
// both speak through it.
type recorder struct {
	mu          sync.Mutex
	folder      string
	clock       func() time.Time
	record      record.Record
	reserve     reserve // for the last record, where the disk is full by then
	interrupted bool
	concluded   bool
}

// change alters the record; what it holds is seen at the next save.
func (r *recorder) change(alter func(*record.Record)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	alter(&r.record)
}

// step says what is being done.
func (r *recorder) step(name string) {
	r.change(func(rec *record.Record) {
		if !r.interrupted {
			rec.Step = name
		}
	})
}

// save writes the record as it is.
func (r *recorder) save() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.write()
}

// now is the record as it stands.
func (r *recorder) now() record.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.record
}

// interrupt writes "interrupted" while there is time: SIGKILL follows a SIGTERM.
// It reports whether the job has ended, or may succeed all the same, since it is
// publishing.
func (r *recorder) interrupt(s os.Signal) (publishing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.concluded {
		return true // all is said: a signal that comes now changes nothing
	}
	r.interrupted = true
	r.record.State = record.Interrupted
	r.record.Signal = signalName(s)
	r.record.Reason = interruption{s}.Error()
	r.writeLast() // finish tries again, and tells
	return r.record.Step == "publish"
}

// conclude writes the record for the last time.
func (r *recorder) conclude(state record.State, step, reason string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.concluded = true
	now := r.clock().UTC()
	r.record.State, r.record.Reason, r.record.Ended = state, reason, &now
	if step != "" {
		r.record.Step = step
	}
	err := r.writeLast()
	r.reserve.remove()
	return err
}

// writeLast writes a record that may be the last one, even on a full disk.
func (r *recorder) writeLast() error {
	err := r.write()
	if !isFull(err) {
		return err
	}
	if r.reserve.write(r.path(), &r.record) != nil {
		return err
	}
	return nil
}

// write puts the record into the attempt's folder, unless a later restart of
// the job has its record there: after a node failure the supervisor of the lost
// node may live on for a while, and must not speak over its successor.
func (r *recorder) write() error {
	if err := there(r.folder); err != nil {
		return err
	}
	r.record.Version = record.Version
	return workspace.WriteJSON(r.path(), &r.record)
}

// makeRoom gives back all of the reserve but so many bytes.
func (r *recorder) makeRoom(but int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reserve.shrink(but)
}

// path is where the record lies.
func (r *recorder) path() string {
	if r.successor() > 0 {
		return recordOfRestart(r.folder, r.record.Restarts)
	}
	return filepath.Join(r.folder, record.File)
}

// successor is the number of restarts of the start whose record stands in the
// attempt's folder, if it is a later one of the same job; else 0.
func (r *recorder) successor() int {
	now, err := record.Read(r.folder)
	if err != nil || now.Job != r.record.Job || now.Restarts <= r.record.Restarts {
		return 0
	}
	return now.Restarts
}

// keepEarlier moves the record of the job's last start out of the way.
func (r *recorder) keepEarlier() error {
	earlier, err := record.Read(r.folder)
	if err != nil || earlier.Job == r.record.Job && earlier.Restarts >= r.record.Restarts {
		return nil // none, or none that could be read
	}
	return os.Rename(filepath.Join(r.folder, record.File), recordOfRestart(r.folder, earlier.Restarts))
}

func recordOfRestart(folder string, restarts int) string {
	return filepath.Join(folder, fmt.Sprintf("record-%d.json", restarts))
}
