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
	Version   int           `json:"version"`
	Key       string        `json:"key"`
	Restarts  int           `json:"restarts"`  // of the start whose command ended
	Collector int           `json:"collector"` // restarts of the start that collects
	Owner     holder        `json:"owner"`     // its process
	LogStart  int64         `json:"log_start"` // where in the log the first of them begins, in bytes
	Tasks     []record.Task `json:"tasks,omitempty"`
	GPUs      []record.GPU  `json:"gpus,omitempty"`
}

// markEnded writes down that the command ended well.
func (j *job) markEnded() error {
	mark := endedMark{Key: j.manifest.Key, Restarts: j.restarts, LogStart: j.logStart}
	j.recorder.change(func(r *record.Record) { mark.Tasks, mark.GPUs = r.Tasks, r.GPUs })
	return j.own(mark)
}

// own writes the mark as that of outputs which this start collects.
func (j *job) own(mark endedMark) error {
	j.recorder.makeRoom(onceEnded)
	mark.Version, mark.Collector, mark.Owner = record.Version, j.restarts, newHolder(j.name(), j.work())
	err := there(j.folder)
	if err == nil {
		err = workspace.WriteJSON(endedFile(j.folder), mark)
	}
	if err != nil {
		return fmt.Errorf("noting that the command has ended: %w", err)
	}
	return nil
}

// takeUpEnded goes on with the collecting where an earlier start of this job
// was stopped while it collected, if its outputs are all there still.
func (j *job) takeUpEnded(context.Context) error {
	if j.manifest.Venv {
		return nil
	}
	for restarts := j.restarts; restarts >= 0; restarts-- {
		folder := startFolder(j.attempt, restarts)
		var mark endedMark
		if err := workspace.ReadJSON(endedFile(folder), &mark, record.Version); err != nil || !j.mayTakeUp(mark) {
			continue
		}
		own := j.folder
		if j.folder = folder; !j.outputsInPlace() {
			j.folder = own
			continue
		}
		j.say("the command ended well in start %d of this job: collecting its outputs", mark.Restarts+1)
		j.resumed, j.logStart = true, mark.LogStart
		zero := 0
		j.recorder.change(func(r *record.Record) { r.ExitCode, r.Tasks, r.GPUs = &zero, mark.Tasks, mark.GPUs })
		return j.own(mark)
	}
	os.Remove(endedFile(j.folder)) // a new working copy is made
	return nil
}

// mayTakeUp reports whether what the mark stands for is of this stage, and in
// the hands of nobody: two that collect would take the outputs from each other.
func (j *job) mayTakeUp(mark endedMark) bool {
	return mark.Key == j.manifest.Key && (mark.Owner.dead() || j.over(mark.Collector))
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
