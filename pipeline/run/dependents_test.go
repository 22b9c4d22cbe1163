package run

import (
	"context"
	"slices"
	"testing"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
)

// queue is an executor that gives one answer, and notes what is cancelled.
type queue struct {
	slurm.Executor
	jobs      []slurm.QueuedJob
	cancelled []string
}

func (*queue) Name() string                                       { return "slurm" }
func (q *queue) Queue(context.Context) ([]slurm.QueuedJob, error) { return q.jobs, nil }
func (*queue) History(context.Context, ...string) ([]slurm.QueuedJob, error) {
	return nil, slurm.ErrNoAccounting
}
func (q *queue) Cancel(_ context.Context, ids ...string) error {
	q.cancelled = append(q.cancelled, ids...)
	return nil
}

// What depends on a job that is being ended goes, unless that job is to start again.
func TestCancelDependents(t *testing.T) {
	for name, test := range map[string]struct {
		job  slurm.QueuedJob
		want []string
	}{
		"cancelled":                      {slurm.QueuedJob{State: "COMPLETING"}, []string{"3"}},
		"requeued":                       {slurm.QueuedJob{State: "COMPLETING", Restarts: 1}, nil},
		"started, and that is forgotten": {slurm.QueuedJob{State: "PENDING", Reason: heldByUser}, nil},
	} {
		w, err := workspace.Create(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		r := chain()
		r.workspace, r.Dir, r.Version = w, w.Run(r.Run), plan.SubmittedVersion
		file := submissionFile{Version: submissionVersion, Orphans: true}
		for path, content := range map[string]any{r.Dir + "/" + plan.SubmittedFile: r.Submitted, submissionPath(r.Dir): file} {
			if err := workspace.WriteJSON(path, content); err != nil {
				t.Fatal(err)
			}
		}
		q := &queue{}
		for i, id := range []string{"1", "2", "3"} {
			address := r.Stages[i].Address
			if err := r.note(Entry{Event: EventSubmitted, Address: address, Attempt: 1, Job: id}); err != nil {
				t.Fatal(err)
			}
			job := slurm.QueuedJob{State: "PENDING", Reason: "Dependency"}
			if id == "2" {
				job = test.job
			}
			job.ID, job.Comment = id, "runpipe:"+r.Run+":"+address+":1"
			q.jobs = append(q.jobs, job)
		}
		interrupted := record.Record{Run: r.Run, Address: "train.cnn", Job: "2", State: record.Interrupted}
		if err := CancelDependents(context.Background(), w, interrupted, func(*Run) (slurm.Executor, error) { return q, nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(q.cancelled, test.want) {
			t.Errorf("%s: %v are cancelled, and not %v", name, q.cancelled, test.want)
		}
	}
}
