package run

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// chain is a run of three stages in a row.
func chain() *Run {
	return &Run{
		Submitted: &plan.Submitted{
			Run: "20261123-120000-k3f9", Pipeline: "mnist", Executor: "slurm", Created: noon,
			Stages: []plan.SubmittedStage{
				{Address: "clone.code", Kind: "clone", Key: "a"},
				{Address: "train.cnn", Kind: "train", Key: "b", After: []string{"clone.code"}, Limit: time.Hour},
				{Address: "evaluate.accuracy", Kind: "evaluate", Key: "c", After: []string{"train.cnn"}},
			},
		},
		Dir: "/w/runs/20261123-120000-k3f9", workspace: &workspace.Workspace{Root: "/w"},
	}
}

// submitted is the evidence right after a submission, nothing seen yet.
func submitted() evidence {
	return evidence{
		run: "k3f9",
		ledger: ledger{
			jobs: map[string]submittedJob{
				"clone.code":        {id: "1", attempt: 1},
				"train.cnn":         {id: "2", attempt: 1},
				"evaluate.accuracy": {id: "3", attempt: 1},
			},
			cancelled: map[string]string{},
		},
		records: map[string]*record.Record{},
		queue:   map[string]slurm.QueuedJob{},
		seen:    observations{Jobs: map[string]*observation{}},
		now:     noon.Add(time.Hour),
	}
}

func rec(state record.State, exit int) *record.Record {
	ended := noon.Add(10 * time.Minute)
	r := &record.Record{State: state, Started: noon, Node: "gpu03"}
	if state != record.Running && state != record.Interrupted {
		r.Ended, r.ExitCode = &ended, &exit
	}
	return r
}

// line is what a test compares of a stage.
func lines(s Status) []string {
	out := []string{string(s.State)}
	for _, stage := range s.Stages {
		out = append(out, strings.TrimSuffix(stage.Address+" "+string(stage.State)+": "+stage.Reason, ": "))
	}
	return out
}

func TestReconcile(t *testing.T) {
	pending := func(id, reason string, restarts int) slurm.QueuedJob {
		return slurm.QueuedJob{ID: id, State: "PENDING", Reason: reason, Restarts: restarts}
	}
	tests := []struct {
		name string
		set  func(e *evidence)
		want []string
	}{
		{"nothing seen yet", func(*evidence) {}, []string{
			"running", "clone.code queued", "train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"the head runs", func(e *evidence) {
			e.records["clone.code"] = rec(record.Running, 0)
			e.queue["2"] = pending("2", "Dependency", 0)
		}, []string{
			"running", "clone.code running", "train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"pending for a reason", func(e *evidence) {
			e.records["clone.code"] = rec(record.Succeeded, 0)
			e.queue["2"] = pending("2", "Resources", 0)
		}, []string{
			"running", "clone.code succeeded", "train.cnn queued: " + pendingReason("Resources"), "evaluate.accuracy waiting: for train.cnn",
		}},
		{"all succeeded, whatever Slurm says", func(e *evidence) {
			for address, job := range e.ledger.jobs {
				e.records[address] = rec(record.Succeeded, 0)
				e.queue[job.id] = slurm.QueuedJob{ID: job.id, State: "FAILED"}
			}
		}, []string{
			"succeeded", "clone.code succeeded", "train.cnn succeeded", "evaluate.accuracy succeeded",
		}},
		{"a failure skips what depends on it", func(e *evidence) {
			e.records["clone.code"] = rec(record.Succeeded, 0)
			e.records["train.cnn"] = rec(record.Failed, 1)
			e.records["train.cnn"].Reason = "the command exited with 1"
			e.queue["2"] = slurm.QueuedJob{ID: "2", State: "FAILED"}
		}, []string{
			"failed", "clone.code succeeded", "train.cnn failed: the command exited with 1",
			"evaluate.accuracy skipped: because train.cnn failed (exit 1 on gpu03)",
		}},
		{"a failure further up is named through skipped stages", func(e *evidence) {
			e.records["clone.code"] = rec(record.Failed, 2)
			e.seen.Jobs["1"] = &observation{Ended: &slurm.QueuedJob{ID: "1", State: "FAILED"}}
		}, []string{
			"failed", "clone.code failed: failed",
			"train.cnn skipped: because clone.code failed (exit 2 on gpu03)",
			"evaluate.accuracy skipped: because clone.code failed (exit 2 on gpu03)",
		}},
		{"the time limit is Slurm's word", func(e *evidence) {
			e.records["clone.code"] = rec(record.Succeeded, 0)
			e.records["train.cnn"] = rec(record.Interrupted, 0)
			e.records["train.cnn"].Signal = "SIGTERM"
			e.queue["2"] = slurm.QueuedJob{ID: "2", State: "TIMEOUT"}
		}, []string{
			"failed", "clone.code succeeded", "train.cnn failed: reached its time limit of 01:00:00: raise resources.time",
			"evaluate.accuracy skipped: because train.cnn failed (on gpu03)",
		}},
		{"an interrupted record is provisional", func(e *evidence) {
			e.records["clone.code"] = rec(record.Interrupted, 0)
			e.records["clone.code"].Signal = "SIGTERM"
		}, []string{
			"running", "clone.code running: is being ended (SIGTERM)",
			"train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"interrupted, then requeued", func(e *evidence) {
			e.records["clone.code"] = rec(record.Interrupted, 0)
			e.queue["1"] = pending("1", "BeginTime", 1)
		}, []string{
			"running", "clone.code queued: " + pendingReason("BeginTime") + "; requeued once",
			"train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"failed, then requeued by hand", func(e *evidence) {
			e.records["clone.code"] = rec(record.Failed, 1)
			e.queue["1"] = pending("1", "None", 1)
		}, []string{
			"running", "clone.code queued: requeued once",
			"train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"a requeued start that runs beats the failure of the one before", func(e *evidence) {
			e.records["clone.code"] = rec(record.Failed, 1)
			e.queue["1"] = slurm.QueuedJob{ID: "1", State: "RUNNING", Restarts: 1, Node: "gpu04"}
		}, []string{
			"running", "clone.code running", "train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"a failure may be requeued until Slurm has ended the job", func(e *evidence) {
			e.records["clone.code"] = rec(record.Failed, 1)
			e.queue["1"] = slurm.QueuedJob{ID: "1", State: "COMPLETING"}
		}, []string{
			"running", "clone.code running: has failed, and is being ended",
			"train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"a failure may be requeued until Slurm was asked", func(e *evidence) {
			e.records["clone.code"] = rec(record.Failed, 1)
		}, []string{
			"running", "clone.code running: has failed; whether it starts again, Slurm has not said yet",
			"train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"an answer from before the start and its failure", func(e *evidence) {
			e.records["clone.code"] = rec(record.Failed, 1)
			e.queue["1"] = pending("1", "None", 0)
		}, []string{
			"running", "clone.code running: has failed; whether it starts again, Slurm has not said yet",
			"train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"a failure of a job that Slurm does not know any more", func(e *evidence) {
			e.records["clone.code"] = rec(record.Failed, 1)
			e.seen.Jobs["1"] = &observation{Absent: &noon}
		}, []string{
			"failed", "clone.code failed: failed",
			"train.cnn skipped: because clone.code failed (exit 1 on gpu03)",
			"evaluate.accuracy skipped: because clone.code failed (exit 1 on gpu03)",
		}},
		{"what fails here is not started again", func(e *evidence) {
			e.records["clone.code"] = rec(record.Failed, 1)
			e.records["clone.code"].Executor = "local"
		}, []string{
			"failed", "clone.code failed: failed",
			"train.cnn skipped: because clone.code failed (exit 1 on gpu03)",
			"evaluate.accuracy skipped: because clone.code failed (exit 1 on gpu03)",
		}},
		{"suspended", func(e *evidence) {
			e.records["clone.code"] = rec(record.Running, 0)
			e.records["clone.code"].Restarts = 1
			e.queue["1"] = slurm.QueuedJob{ID: "1", State: "SUSPENDED", Restarts: 1}
		}, []string{
			"running", "clone.code running: " + pauses["SUSPENDED"] + "; requeued once",
			"train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"its nodes boot", func(e *evidence) {
			e.queue["1"] = slurm.QueuedJob{ID: "1", State: "CONFIGURING", Reason: "None"}
		}, []string{
			"running", "clone.code queued: " + pauses["CONFIGURING"],
			"train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"cancelled by somebody known", func(e *evidence) {
			e.records["clone.code"] = rec(record.Interrupted, 0)
			e.queue["1"] = slurm.QueuedJob{ID: "1", State: "CANCELLED"}
			e.ledger.cancelled["clone.code"] = "ada@login1"
		}, []string{
			"cancelled", "clone.code cancelled: cancelled by ada@login1",
			"train.cnn skipped: because clone.code was cancelled",
			"evaluate.accuracy skipped: because clone.code was cancelled",
		}},
		{"cancelled by hand before its upstream was", func(e *evidence) {
			e.records["clone.code"] = rec(record.Succeeded, 0)
			e.queue["2"] = slurm.QueuedJob{ID: "2", State: "CANCELLED", Start: noon, End: noon.Add(2 * time.Second)}
			e.queue["3"] = slurm.QueuedJob{ID: "3", State: "CANCELLED", End: noon.Add(time.Second)}
			e.ledger.cancelled["train.cnn"] = "ada@login1"
		}, []string{
			"cancelled", "clone.code succeeded", "train.cnn cancelled: cancelled by ada@login1",
			"evaluate.accuracy cancelled: cancelled (with scancel, or by an administrator)",
		}},
		{"cancelled since its upstream was", func(e *evidence) {
			e.records["clone.code"] = rec(record.Succeeded, 0)
			e.queue["2"] = slurm.QueuedJob{ID: "2", State: "CANCELLED", Start: noon, End: noon.Add(2 * time.Second)}
			e.queue["3"] = slurm.QueuedJob{ID: "3", State: "CANCELLED", End: noon.Add(3 * time.Second)}
		}, []string{
			"cancelled", "clone.code succeeded", "train.cnn cancelled: cancelled (with scancel, or by an administrator)",
			"evaluate.accuracy skipped: because train.cnn was cancelled",
		}},
		{"out of memory", func(e *evidence) {
			e.records["clone.code"] = rec(record.Failed, 137)
			e.queue["1"] = slurm.QueuedJob{ID: "1", State: "OUT_OF_MEMORY"}
		}, []string{
			"failed", "clone.code failed: ran out of memory: raise resources.memory",
			"train.cnn skipped: because clone.code failed (exit 137 on gpu03)",
			"evaluate.accuracy skipped: because clone.code failed (exit 137 on gpu03)",
		}},
		{"an unknown state is not final", func(e *evidence) {
			e.queue["1"] = slurm.QueuedJob{ID: "1", State: "DREAMING"}
		}, []string{
			"running", "clone.code queued: Slurm says DREAMING",
			"train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"a short absence says nothing", func(e *evidence) {
			since := e.now.Add(-4 * time.Minute)
			e.records["clone.code"] = rec(record.Running, 0)
			e.seen.Jobs["1"] = &observation{Absent: &since}
		}, []string{
			"running", "clone.code running: the scheduler has not listed it since " + noon.Add(56*time.Minute).Local().Format(time.TimeOnly),
			"train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"a long absence is a loss", func(e *evidence) {
			since := e.now.Add(-5 * time.Minute)
			e.records["clone.code"] = rec(record.Running, 0)
			e.seen.Jobs["1"] = &observation{Absent: &since}
		}, []string{
			"failed", "clone.code lost: it left no record, and the scheduler has not listed it for 5m0s",
			"train.cnn skipped: because clone.code was lost",
			"evaluate.accuracy skipped: because clone.code was lost",
		}},
		{"completed, but the record is not in sight yet", func(e *evidence) {
			e.queue["1"] = slurm.QueuedJob{ID: "1", State: "COMPLETED", End: e.now.Add(-5 * time.Second)}
		}, []string{
			"running", "clone.code running: has ended; its record is not in sight yet",
			"train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"completed without a record is no success", func(e *evidence) {
			e.queue["1"] = slurm.QueuedJob{ID: "1", State: "COMPLETED", End: e.now.Add(-2 * time.Minute)}
		}, []string{
			"failed", "clone.code failed: the job ended without leaving a record",
			"train.cnn skipped: because clone.code failed",
			"evaluate.accuracy skipped: because clone.code failed",
		}},
		{"a start that Slurm has forgotten", func(e *evidence) {
			e.records["clone.code"] = rec(record.Running, 0)
			e.before = e.records
			e.ledger.released = true
			e.queue["1"] = pending("1", "JobHeldUser", 0)
		}, []string{
			"running", "clone.code queued: held, although it was let go: by scontrol hold, or since the controller was restarted and has forgotten it; runpipe resume k3f9 lets it go",
			"train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"an interrupted start that Slurm has forgotten", func(e *evidence) {
			e.records["clone.code"] = rec(record.Interrupted, 0)
			e.before = e.records
			e.queue["1"] = pending("1", "None", 0)
		}, []string{
			"running", "clone.code queued", "train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"an answer from before the start", func(e *evidence) {
			e.records["clone.code"] = rec(record.Running, 0)
			e.queue["1"] = pending("1", "JobHeldUser", 0)
		}, []string{
			"running", "clone.code running", "train.cnn waiting: for clone.code", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"a success that Slurm has forgotten", func(e *evidence) {
			e.records["clone.code"] = rec(record.Succeeded, 0)
			e.before = e.records
			e.ledger.released = true
			e.queue["1"] = pending("1", "JobHeldUser", 0)
			e.queue["2"] = pending("2", "Dependency", 0)
		}, []string{
			"running", "clone.code succeeded",
			"train.cnn queued: for Slurm, which has forgotten that clone.code has run (job 1 is pending JobHeldUser); runpipe resume k3f9 lets it go",
			"evaluate.accuracy waiting: for train.cnn",
		}},
		{"an answer from before the success", func(e *evidence) {
			e.records["clone.code"] = rec(record.Succeeded, 0)
			e.queue["1"] = pending("1", "None", 0)
			e.queue["2"] = pending("2", "Dependency", 0)
		}, []string{
			"running", "clone.code succeeded", "train.cnn queued", "evaluate.accuracy waiting: for train.cnn",
		}},
		{"the submission was refused", func(e *evidence) {
			e.ledger.jobs = map[string]submittedJob{"clone.code": {id: "1", attempt: 1}}
			e.queue["1"] = slurm.QueuedJob{ID: "1", State: "CANCELLED"}
			e.ledger.refused, e.ledger.rolledBack = "train.cnn", "invalid partition specified: nope"
			e.ledger.takenBack = true
		}, []string{
			"cancelled", "clone.code cancelled: not submitted, since train.cnn was refused",
			"train.cnn cancelled: refused: invalid partition specified: nope",
			"evaluate.accuracy cancelled: not submitted, since train.cnn was refused",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := submitted()
			tt.set(&e)
			if diff := cmp.Diff(tt.want, lines(chain().reconcile(e))); diff != "" {
				t.Errorf("stages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReusedStageIsJudgedAgain(t *testing.T) {
	r := chain()
	r.Stages[1].Action = plan.Reuse
	r.Stages[1].Reused = &record.Record{
		Run: "20261122-090000-bbbb", Address: "train.cnn", Attempt: 1, State: record.Succeeded,
		Checks: []record.Check{{Name: "good enough", Message: "accuracy 0.91 is below 0.95"}},
	}
	e := submitted()
	delete(e.ledger.jobs, "train.cnn")
	delete(e.ledger.jobs, "evaluate.accuracy")
	e.records["clone.code"] = rec(record.Succeeded, 0)
	status := r.reconcile(e)
	want := []string{
		"failed", "clone.code succeeded", `train.cnn failed: check "good enough": accuracy 0.91 is below 0.95`,
		"evaluate.accuracy skipped: because a check of train.cnn did not hold",
	}
	if diff := cmp.Diff(want, lines(status)); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	if got := status.ExitCode(); got != 4 {
		t.Errorf("exit code is %d, want 4: nothing failed but a check", got)
	}
	if want := "/w/runs/20261122-090000-bbbb/stages/train.cnn/attempt-1/log"; status.Stages[1].Log != want {
		t.Errorf("log is %s, want %s: that of the run that made it", status.Stages[1].Log, want)
	}
}

func TestManyUpstreamsAreCounted(t *testing.T) {
	for want, addresses := range map[string][]string{
		"for a":                     {"a"},
		"for a, b, c, d":            {"a", "b", "c", "d"}, // "1 others" would be no shorter
		"for a, b, c and 2 others":  {"a", "b", "c", "d", "e"},
		"for a, b, c and 97 others": append([]string{"a", "b", "c"}, make([]string, 97)...),
	} {
		if got := waitingFor(addresses); got != want {
			t.Errorf("%d upstreams: %q, want %q", len(addresses), got, want)
		}
	}
}

// Every state that Slurm may leave a job in is explained.
func TestEveryEndIsExplained(t *testing.T) {
	for _, state := range []slurm.State{
		"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "DEADLINE", "OUT_OF_MEMORY", "NODE_FAIL",
		"BOOT_FAIL", "LAUNCH_FAILED", "PREEMPTED", "REVOKED",
	} {
		if state.Phase() != slurm.Ended {
			t.Errorf("%s is no end", state)
		}
		if _, ok := endings[state]; !ok {
			t.Errorf("%s has no row", state)
		}
	}
	for state := range endings {
		if state.Phase() != slurm.Ended {
			t.Errorf("%s has a row and is no end", state)
		}
	}
}
