package supervise

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

// endedMark is ended.json: the command came to a good end, and only its
// outputs are still to be collected. A job that is requeued while it collects
// then loses a collection, not a training.
type endedMark struct {
	Version  int           `json:"version"`
	Key      string        `json:"key"`
	Restarts int           `json:"restarts"`  // of the start whose command ended
	LogStart int64         `json:"log_start"` // where in the log that start begins, in bytes
	Tasks    []record.Task `json:"tasks,omitempty"`
	GPUs     []record.GPU  `json:"gpus,omitempty"`
}

func (j *job) endedFile() string { return filepath.Join(j.attempt, "ended.json") }

// markEnded writes down that the command ended well.
func (j *job) markEnded() error {
	mark := endedMark{Version: record.Version, Key: j.manifest.Key, Restarts: j.restarts, LogStart: j.logStart}
	j.recorder.change(func(r *record.Record) { mark.Tasks, mark.GPUs = r.Tasks, r.GPUs })
	if err := workspace.WriteJSON(j.endedFile(), mark); err != nil {
		return fmt.Errorf("noting that the command has ended: %w", err)
	}
	return nil
}

// takeUpEnded goes on with the collecting where an earlier start of this job
// was stopped while it collected, if its outputs are all there still.
func (j *job) takeUpEnded(context.Context) error {
	var mark endedMark
	if err := workspace.ReadJSON(j.endedFile(), &mark, record.Version); err != nil {
		return nil
	}
	if mark.Key != j.manifest.Key || j.manifest.Venv || !j.outputsInPlace() {
		os.Remove(j.endedFile())
		return nil
	}
	j.say("the command ended well in start %d of this job: collecting its outputs", mark.Restarts+1)
	j.resumed, j.logStart = true, mark.LogStart
	zero := 0
	j.recorder.change(func(r *record.Record) { r.ExitCode, r.Tasks, r.GPUs = &zero, mark.Tasks, mark.GPUs })
	return nil
}

// outputsInPlace reports whether each output can be found in the working copy.
func (j *job) outputsInPlace() bool {
	work, start, err := j.openWork()
	if err != nil {
		return false
	}
	defer work.Close()
	defer start.Close()
	for _, path := range j.manifest.Outputs {
		if _, err := start.Lstat(filepath.FromSlash(path)); err != nil {
			return false
		}
	}
	return true
}
