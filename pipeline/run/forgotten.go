package run

import (
	"context"
	"fmt"
	"strings"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/slurm"
)

// A controller that was killed comes back with what it had saved some seconds
// before. It may have forgotten that a chain was let go, so that the first jobs are
// held again, those too that have run meanwhile; that a job was started; or that
// there is a job at all, and then the next one gets its id.

// heldByUser is Slurm's reason for a job that was submitted with --hold and not let
// go, or that its user holds with scontrol.
const heldByUser = "JobHeldUser"

// startForgotten reports whether the scheduler has a job wait of which it was told,
// before it was asked, that this very start had begun. The local one never forgets.
func (e evidence) startForgotten(address string, rec *record.Record, job slurm.QueuedJob) bool {
	before := e.before[address]
	return job.State == "PENDING" && rec.Executor != "local" && job.Restarts <= rec.Restarts && rec.State != record.Succeeded &&
		before != nil && before.Job == rec.Job && before.Started.Equal(rec.Started)
}

// heldAgain is the reason of a job that is held although its chain was let go.
func (e evidence) heldAgain() string {
	return "held, although it was let go: by scontrol hold, or since the controller was restarted and has forgotten it; runpipe resume " + e.run + " lets it go"
}

// unseen tells of upstreams whose success the scheduler does not know of, since it
// has their jobs wait still, though it was asked after that; "" if there are none.
func (e evidence) unseen(after []string, settled map[string]*StageStatus) string {
	for _, address := range after {
		up := settled[address]
		if up == nil || up.State != Succeeded || up.Reused {
			continue
		}
		before := e.before[address]
		if job := e.queue[up.Job]; job.State == "PENDING" && before != nil && before.State == record.Succeeded {
			text := fmt.Sprintf("for Slurm, which has forgotten that %s has run (job %s is %s)", address, job.ID, strings.TrimSpace("pending "+job.Reason))
			if job.Reason == heldByUser {
				text += "; runpipe resume " + e.run + " lets it go"
			}
			return text
		}
	}
	return ""
}

// held lists the stages whose jobs the newest answer has held, of a chain that was
// let go, in the plan's order.
func (o *observer) held() []string {
	var addresses []string
	for _, s := range o.run.Stages {
		job := o.queue[o.ledger.jobs[s.Address].id]
		if o.ledger.released && job.State == "PENDING" && job.Reason == heldByUser {
			addresses = append(addresses, s.Address)
		}
	}
	return addresses
}

// letGoAgain lets held jobs go of a run whose chain was let go, and reports
// whether there were any.
func letGoAgain(ctx context.Context, r *Run, x slurm.Executor, by Submitter) (bool, error) {
	o, err := observe(r)
	if err != nil || o.status().State.Ended() {
		return false, err
	}
	if o.ask(ctx, x); o.stale != "" {
		return false, fmt.Errorf("asking which jobs of run %s are held: %s", r.Run, o.stale)
	}
	held := o.held()
	if len(held) == 0 {
		return false, nil
	}
	by.notice("Letting go of what is held: %s.", strings.Join(held, ", "))
	return true, x.Release(ctx, o.jobs(held)...)
}

// letGo does so for a watcher, with jobs that nobody can want to be held: those that
// have succeeded, and, in the process that let the chain go, those that it has never
// seen but held. Others their user may hold.
func (o *observer) letGo(ctx context.Context, x slurm.Executor) {
	for _, job := range o.queue {
		if job.Reason != heldByUser {
			o.unheld[job.ID] = true
		}
	}
	var forgotten []string
	for _, address := range o.held() {
		id, rec := o.ledger.jobs[address].id, o.records[address]
		if rec != nil && rec.State == record.Succeeded || o.run.letGoHere && !o.unheld[id] {
			forgotten = append(forgotten, id)
		}
	}
	if o.stale == "" && len(forgotten) > 0 {
		_ = x.Release(ctx, forgotten...) // if it fails, the next answer has them again
	}
}
