package run

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
)

// silent is an executor that knows of no job.
type silent struct{ slurm.Executor }

func (silent) Name() string                                     { return "local" }
func (silent) Queue(context.Context) ([]slurm.QueuedJob, error) { return nil, nil }
func (silent) History(context.Context, ...string) ([]slurm.QueuedJob, error) {
	return nil, slurm.ErrNoAccounting
}

// A watcher whose run's folder has vanished ends, instead of looking for ever.
func TestWatchEndsWhenTheRunIsGone(t *testing.T) {
	w, err := workspace.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := chain()
	r.workspace, r.Dir = w, w.Run(r.Run)
	r.Version = plan.SubmittedVersion
	if err := workspace.WriteJSON(r.Dir+"/"+plan.SubmittedFile, r.Submitted); err != nil {
		t.Fatal(err)
	}
	_, err = Watch(context.Background(), r, silent{}, func(Status) {
		if err := os.RemoveAll(r.Dir); err != nil {
			t.Error(err)
		}
	})
	if err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("Watch ended with %v", err)
	}
}
