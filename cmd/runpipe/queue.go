package main

import (
	"context"
	"sync"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm"
)

// queues asks Slurm once for all runs that are looked at together.
type queues struct {
	app   *app
	slurm slurm.Executor
}

func (a *app) queues() *queues {
	return &queues{app: a, slurm: &askedOnce{Executor: slurm.NewClient("")}}
}

// status is where a run stands.
func (q *queues) status(ctx context.Context, r *run.Run) (run.Status, error) {
	if r.Executor == executorSlurm {
		return r.Status(ctx, q.slurm)
	}
	return q.app.statusOf(ctx, r)
}

// askedOnce keeps the scheduler's first answer.
type askedOnce struct {
	slurm.Executor
	once sync.Once
	jobs []slurm.QueuedJob
	err  error
}

// Queue is the executor's first answer, again and again.
func (x *askedOnce) Queue(ctx context.Context) ([]slurm.QueuedJob, error) {
	x.once.Do(func() { x.jobs, x.err = x.Executor.Queue(ctx) })
	return x.jobs, x.err
}
