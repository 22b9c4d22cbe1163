package run

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/stages"
)

// A stage whose record cannot be read is said to be what the scheduler and the
// store know of it, and nothing else.
func TestAnUnreadableRecord(t *testing.T) {
	const published, checked = "published", "checked"
	long, short := noon.Add(time.Hour-absence), noon.Add(time.Hour-time.Minute)
	for name, c := range map[string]struct {
		job    *slurm.QueuedJob
		absent *time.Time
		store  string // what is published, if anything
		state  State
		says   string
	}{
		"running":                   {job: &slurm.QueuedJob{State: "RUNNING"}, state: Running, says: "Slurm says RUNNING; "},
		"requeued":                  {job: &slurm.QueuedJob{State: "PENDING", Reason: "BeginTime", Restarts: 1}, state: Queued, says: "requeued once; "},
		"a state of no table":       {job: &slurm.QueuedJob{State: "ODD"}, state: Running, says: "Slurm says ODD; "},
		"ended well and published":  {job: &slurm.QueuedJob{State: "COMPLETED"}, store: checked, state: Succeeded, says: "as the scheduler and the store tell; "},
		"ended well, nothing there": {job: &slurm.QueuedJob{State: "COMPLETED"}, state: Lost, says: "is not in the store; "},
		"failed":                    {job: &slurm.QueuedJob{State: "FAILED"}, store: published, state: Failed, says: "the job ended as FAILED; "},
		"time limit":                {job: &slurm.QueuedJob{State: "TIMEOUT"}, state: Failed, says: "reached its time limit"},
		"cancelled":                 {job: &slurm.QueuedJob{State: "CANCELLED"}, state: Cancelled, says: "cancelled"},
		"forgotten and published":   {absent: &long, store: published, state: Succeeded, says: "as the store tells; "},
		"forgotten, with checks":    {absent: &long, store: checked, state: Lost, says: "whether its checks held is not known any more"},
		"forgotten":                 {absent: &long, state: Lost, says: "has not listed it for 5m0s; "},
		"absent for a minute":       {absent: &short, state: Running, says: "it is called lost at "},
		"not asked about yet":       {state: Running, says: "it has started"},
	} {
		t.Run(name, func(t *testing.T) {
			r, e := chain(), submitted()
			r.workspace = &workspace.Workspace{Root: t.TempDir()}
			e.records["clone.code"] = rec(record.Succeeded, 0)
			e.damaged = map[string]error{"train.cnn": errors.New("it is damaged")}
			if c.job != nil {
				c.job.ID = "2"
				e.queue["2"] = *c.job
			}
			if c.absent != nil {
				e.seen.Jobs["2"] = &observation{Absent: c.absent}
			}
			if c.store != "" {
				made := rec(record.Succeeded, 0)
				made.Run, made.Address, made.Key, made.Job = r.Run, "train.cnn", "b", "2"
				if err := record.Write(r.workspace.Finished("b"), made); err != nil {
					t.Fatal(err)
				}
				var m stages.Manifest
				if c.store == checked {
					m.Checks = make([]stages.Check, 1)
				}
				data, err := json.Marshal(m)
				if err != nil {
					t.Fatal(err)
				}
				dir := r.StageDir("train.cnn")
				if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "job.json"), data, 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			s := r.reconcile(e)
			if s.Stages[0].State != Succeeded {
				t.Errorf("the stage before it is %s", s.Stages[0].State)
			}
			if got := s.Stages[1]; got.State != c.state || !strings.Contains(got.Reason, c.says) || !strings.Contains(got.Reason, "its record cannot be read: it is damaged; ") {
				t.Errorf("it is %s: %s", got.State, got.Reason)
			}
			if next := s.Stages[2].State; c.state.Ended() && c.state != Succeeded && next != Skipped || !c.state.Ended() && next != Waiting {
				t.Errorf("the stage after it is %s", next)
			}
		})
	}
}
