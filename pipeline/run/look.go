package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/stages"
)

// observer looks at one run, again and again.
type observer struct {
	run     *Run
	ledger  ledger
	records map[string]*record.Record
	queue   map[string]slurm.QueuedJob
	seen    observations
	stale   string
	asked   time.Time // when the scheduler last answered
}

// Status looks at the run once: at the records, and if these do not settle it,
// with one question to the scheduler.
func (r *Run) Status(ctx context.Context, x slurm.Executor) (Status, error) {
	o, err := observe(r)
	if err != nil {
		return Status{}, err
	}
	status := o.status()
	if status.State.Ended() {
		return status, nil
	}
	o.ask(ctx, x)
	return o.status(), nil
}

func observe(r *Run) (*observer, error) {
	o := &observer{run: r, records: map[string]*record.Record{}, seen: readObservations(r.Dir)}
	entries, err := readJournal(r.Dir)
	if err != nil {
		return nil, err
	}
	o.ledger = newLedger(entries)
	return o, o.read()
}

// read reads the records of all stages that have not succeeded yet.
func (o *observer) read() error {
	for address, job := range o.ledger.jobs {
		if rec := o.records[address]; rec != nil && rec.State == record.Succeeded {
			continue
		}
		rec, err := record.Read(workspace.Attempt(o.run.StageDir(address), job.attempt))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("reading the record of %s: %w", address, err)
		case rec.Job == "" || job.id == rec.Job:
			o.records[address] = rec
		}
	}
	return nil
}

// ask asks the scheduler about all jobs, and the accounting about those that it
// does not list. Without an answer, everything stays as it was.
func (o *observer) ask(ctx context.Context, x slurm.Executor) {
	jobs, err := x.Queue(ctx)
	if err != nil {
		o.stale = err.Error()
		return
	}
	now := time.Now()
	o.stale, o.asked = "", now
	listed := map[string]slurm.QueuedJob{}
	for _, job := range jobs {
		// An id alone names no job: clusters use them again.
		if strings.HasPrefix(job.Comment, "runpipe:"+o.run.Run+":") {
			listed[job.ID] = job
		}
	}
	o.recall(ctx, x, listed)
	o.queue = listed
	o.note(now)
}

// recall asks the accounting about unfinished jobs that the queue does not list.
func (o *observer) recall(ctx context.Context, x slurm.Executor, listed map[string]slurm.QueuedJob) {
	var missing []string
	for _, id := range o.openJobs() {
		if _, ok := listed[id]; !ok {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return
	}
	jobs, err := x.History(ctx, missing...)
	if err != nil {
		return // it says nothing: neither that they ended, nor that they are gone
	}
	for _, job := range jobs {
		if at := o.submittedAt(job.ID); job.Submit.IsZero() || at.IsZero() || job.Submit.After(at.Add(-time.Hour)) {
			listed[job.ID] = job
		}
	}
}

// openJobs lists the ids of the jobs whose end nobody has seen, in the plan's order.
func (o *observer) openJobs() []string {
	var open []string
	for _, s := range o.run.Stages {
		job, ok := o.ledger.jobs[s.Address]
		rec, seen := o.records[s.Address], o.seen.Jobs[job.id]
		if ok && (rec == nil || rec.State != record.Succeeded) && (seen == nil || seen.Ended == nil) {
			open = append(open, job.id)
		}
	}
	return open
}

func (o *observer) submittedAt(id string) time.Time {
	for _, job := range o.ledger.jobs {
		if job.id == id {
			return job.at
		}
	}
	return time.Time{}
}

// note writes down what the scheduler will forget.
func (o *observer) note(now time.Time) {
	changed := false
	for _, id := range o.openJobs() {
		var job *slurm.QueuedJob
		if listed, ok := o.queue[id]; ok {
			job = &listed
		}
		changed = o.seen.see(id, job, now) || changed
	}
	if changed {
		// A note that cannot be kept (another user's run, a full disk) takes
		// nothing from this answer.
		_ = o.seen.write(o.run.Dir)
	}
}

func (o *observer) status() Status {
	status := o.run.reconcile(evidence{
		ledger: o.ledger, records: o.records, queue: o.queue, seen: o.seen, now: time.Now(),
	})
	status.Stale = o.stale
	return status
}

// logOf is the log of the attempt that a record is of.
func logOf(w *workspace.Workspace, rec *record.Record) string {
	address, err := stages.ParseAddress(rec.Address)
	if err != nil {
		return "" // a record that another program wrote
	}
	return filepath.Join(workspace.Attempt(w.Stage(rec.Run, address), rec.Attempt), "log")
}
