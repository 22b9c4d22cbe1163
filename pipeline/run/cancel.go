package run

import (
	"context"
	"fmt"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/slurm"
)

// Cancel cancels the stages at these addresses, and with them all that depends
// on them; without addresses the whole run. It is one call to the scheduler, and
// may be repeated. It returns the addresses of the stages that had not ended.
func Cancel(ctx context.Context, r *Run, x slurm.Executor, addresses []string) ([]string, error) {
	status, err := r.Status(ctx, x)
	if err != nil {
		return nil, err
	}
	chosen := r.withDependents(addresses)
	var open, jobs []string
	for _, s := range status.Stages {
		if !s.State.Ended() && (len(addresses) == 0 || chosen[s.Address]) {
			open = append(open, s.Address)
			if s.Job != "" {
				jobs = append(jobs, s.Job)
			}
		}
	}
	if len(open) == 0 {
		return nil, nil
	}
	if err := r.noteCancel(open, jobs); err != nil {
		return nil, err
	}
	if len(jobs) == 0 {
		return open, nil
	}
	if err := x.Cancel(ctx, jobs...); err != nil {
		return open, fmt.Errorf("cancelling run %s: %w", r.Run, err)
	}
	return open, nil
}

// noteCancel writes down who asked, before the scheduler is told.
func (r *Run) noteCancel(addresses, jobs []string) error {
	journal, err := openJournal(r.Dir, laterJournal())
	if err != nil {
		return err
	}
	name, host := whoami()
	err = journal.Write(Entry{Event: EventCancel, Addresses: addresses, Jobs: jobs, By: name + "@" + host})
	if e := journal.Close(); err == nil {
		err = e
	}
	return err
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
