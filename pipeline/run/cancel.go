package run

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/stages"
)

// Cancel cancels the stages at these addresses, and with them all that depends
// on them; without addresses the whole run. It is one call to the scheduler, and
// may be repeated. It returns the addresses of the stages that had not ended. Of a
// run that has ended, or whose submitter died, nothing is left in the queue
// afterwards.
func Cancel(ctx context.Context, r *Run, x slurm.Executor, addresses []string, by Submitter) ([]string, error) {
	o, err := observe(r)
	if err != nil {
		return nil, err
	}
	status := o.look(ctx, x)
	if status.State.Ended() {
		return nil, o.clear(ctx, x, by)
	}
	open, all := r.unended(status, addresses)
	if len(open) == 0 {
		return nil, nil
	}
	if o.stale != "" {
		return nil, fmt.Errorf("nothing was cancelled, since it is not known what there is to cancel: %s", o.stale)
	}
	who, host := whoami()
	// Who asked is written down before the scheduler is told, if it can be.
	noted := r.note(Entry{Event: EventCancel, Addresses: open, Jobs: o.jobs(open), By: who + "@" + host})
	switch jobs := o.jobs(open); {
	case !o.ledger.settled() && noted != nil: // a submitter at work would not see it
		return nil, noted
	case !o.ledger.settled():
		err = r.cancelUnsettled(ctx, x, open, all, by)
	case len(jobs) > 0:
		err = x.Cancel(ctx, jobs...)
	}
	if err != nil {
		return open, fmt.Errorf("cancelling run %s: %w", r.Run, errors.Join(err, noted))
	}
	if noted != nil {
		return open, fmt.Errorf("%s: cancelled, which could not be noted: %w", strings.Join(open, ", "), noted)
	}
	return open, nil
}

// clear cancels the jobs of a run that has ended which wait in the queue all the
// same: a controller that was killed may have forgotten that they have run, or that
// they were cancelled. If it cannot be asked, the run has ended nevertheless.
func (o *observer) clear(ctx context.Context, x slurm.Executor, by Submitter) error {
	if !o.asked() {
		o.ask(ctx, x)
	}
	var waiting []string
	for _, job := range o.queue { // of the run, by its tokens
		if job.State.Phase() == slurm.Pending {
			waiting = append(waiting, job.ID)
		}
	}
	if o.stale != "" || len(waiting) == 0 {
		return nil
	}
	waiting = byNumber(waiting)
	by.notice("Cancelling what the scheduler has wait still, though its stage has ended: job %s.", strings.Join(waiting, ", "))
	if err := x.Cancel(ctx, waiting...); err != nil {
		return fmt.Errorf("cancelling what is left of run %s in the queue: %w", o.run.Run, err)
	}
	return nil
}

// cancelUnsettled cancels what was submitted so far of a run. A submitter at
// work sees, before it lets the chain go, that stages were cancelled; in the
// place of a dead one the rest is done here.
func (r *Run) cancelUnsettled(ctx context.Context, x slurm.Executor, open []string, all bool, by Submitter) error {
	held, err := acquire(filepath.Join(r.Dir, lockName))
	var busy *HeldError
	if err != nil && !errors.As(err, &busy) {
		return err
	}
	if held != nil {
		defer held.release()
		s, err := takeUp(r, x, by, held)
		if err != nil {
			by.notice("The submission cannot be taken back as a whole (%v): cancelling the jobs that are found of it.", err)
			if all {
				return r.abandonUnread(ctx, x, open)
			}
		}
		if s != nil && all {
			defer func() { _ = s.journal.Close() }() // every line was fsynced
			return s.abandon()
		}
	}
	o, err := observe(r) // anew: what was submitted before the cancellation was noted is listed now
	if err != nil {
		return err
	}
	o.ask(ctx, x)
	if o.stale != "" {
		return errors.New(o.stale)
	}
	return x.Cancel(ctx, o.jobs(open)...)
}

// abandonUnread takes back a submission of which nobody knows any more what was to
// be submitted: what the queue has of it, until that is sure to be all.
func (r *Run) abandonUnread(ctx context.Context, x slurm.Executor, open []string) error {
	o, err := observe(r)
	if err != nil {
		return err
	}
	for since := time.Now(); ; {
		o.ask(ctx, x)
		if o.stale != "" {
			return errors.New(o.stale)
		}
		if err := x.Cancel(ctx, o.jobs(open)...); err != nil {
			return err
		}
		if x.Name() == "local" || time.Since(since) >= sureAfter || !slices.ContainsFunc(open, o.ledger.doubtful) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
	who, host := whoami()
	return errors.Join(r.note(Entry{Event: EventRollback, Error: "cancelled by " + who + "@" + host}), r.note(Entry{Event: EventTakenBack, Jobs: o.jobs(open)}))
}

// abandon takes back a submission whose submitter died.
func (s *submission) abandon() error {
	s.takeKnown()
	who, host := whoami()
	if err := s.journal.Write(Entry{Event: EventRollback, Jobs: s.order, Error: "cancelled by " + who + "@" + host}); err != nil {
		return err
	}
	return s.takeBack()
}

// unended lists the stages that have not ended of those that are to be
// cancelled, and reports whether these are all there are.
func (r *Run) unended(status Status, addresses []string) (open []string, all bool) {
	chosen := r.withDependents(addresses)
	all = true
	for _, s := range status.Stages {
		switch {
		case s.State.Ended():
		case len(addresses) == 0 || chosen[s.Address]:
			open = append(open, s.Address)
		default:
			all = false
		}
	}
	return open, all
}

// jobs lists the jobs of these stages that may have to be cancelled: those that
// the newest answer lists, and those that the journals name and the answer leaves
// out. A controller that was killed has lost the jobs of its last seconds, and uses
// their ids again: what others have now is left alone.
func (o *observer) jobs(addresses []string) []string {
	ids := o.listed(addresses)
	for _, address := range addresses {
		id := o.ledger.jobs[address].id
		if _, answered := o.queue[id]; id != "" && !answered && !o.others[id] {
			ids = append(ids, id)
		}
	}
	return byNumber(ids)
}

// listed lists the jobs with the tokens of these stages that have not ended, as
// the newest answer has them.
func (o *observer) listed(addresses []string) []string {
	chosen := map[string]bool{} // tokens, without the attempt
	for _, address := range addresses {
		if a, err := stages.ParseAddress(address); err == nil { // run.json was written from parsed addresses
			chosen["runpipe:"+o.run.Run+":"+a.Path()] = true
		}
	}
	var ids []string
	for _, job := range o.queue {
		stage := job.Comment[:max(strings.LastIndex(job.Comment, ":"), 0)]
		if chosen[stage] && job.State.Phase() != slurm.Ended {
			ids = append(ids, job.ID)
		}
	}
	return byNumber(ids)
}

// note writes a line into a journal of this process's own.
func (r *Run) note(e Entry) error {
	journal, err := openJournal(r.Dir, laterJournal())
	if err != nil {
		return err
	}
	return errors.Join(journal.Write(e), journal.Close())
}

// withDependents adds all that depends on the addresses. Stages stand after
// their dependencies, so that one pass finds them.
func (r *Run) withDependents(addresses []string) map[string]bool {
	chosen := map[string]bool{}
	for _, address := range addresses {
		chosen[address] = true
	}
	for _, s := range r.Stages {
		if dependsOn(s, chosen) {
			chosen[s.Address] = true
		}
	}
	return chosen
}

func dependsOn(s plan.SubmittedStage, chosen map[string]bool) bool {
	for _, address := range s.After {
		if chosen[address] {
			return true
		}
	}
	return false
}
