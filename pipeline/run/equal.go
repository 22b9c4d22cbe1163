package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
)

// Two plans are equal if they come from the same file, compute the same (the
// same keys at the same addresses), go to the same executor and have the same
// name. Two variants of one pipeline are not.

// planKey is a digest that equal plans share.
func planKey(file, name, executor string, keys map[string]string) string {
	lines := []string{file, name, executor}
	var stages []string
	for address, key := range keys {
		stages = append(stages, address+"="+key)
	}
	slices.Sort(stages)
	sum := sha256.Sum256([]byte(strings.Join(append(lines, stages...), "\n")))
	return hex.EncodeToString(sum[:16])
}

func keyOfPlan(p *plan.Plan, name string) string {
	keys := map[string]string{}
	for _, s := range p.Stages {
		keys[s.Address.String()] = s.Key
	}
	return planKey(p.File, name, p.Executor(), keys)
}

func keyOfRun(r *Run) string {
	keys := map[string]string{}
	for _, s := range r.Stages {
		keys[s.Address] = s.Key
	}
	return planKey(r.File, r.Name, r.Executor, keys)
}

// Reservation keeps equal plans from being made a run of at the same time.
type Reservation struct{ lock *lock }

// Reserve waits until no other process is about to make a run of an equal plan.
func Reserve(ctx context.Context, w *workspace.Workspace, p *plan.Plan, name string, by Submitter) (*Reservation, error) {
	if err := os.MkdirAll(w.Runs(), 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(w.Runs(), ".apply-"+keyOfPlan(p, name))
	held, err := awaitLock(ctx, path, func(text string) { by.notice("%s", text) })
	var busy *HeldError
	if errors.As(err, &busy) {
		return nil, fmt.Errorf("an equal plan: %w; if it does not, remove %s", err, path)
	}
	if err != nil {
		return nil, fmt.Errorf("making sure that nobody else applies an equal plan (by %s): %w", path, err)
	}
	return &Reservation{held}, nil
}

// Release gives the reservation back. It may be called again, and on nil.
func (r *Reservation) Release() {
	if r != nil && r.lock != nil {
		r.lock.release()
		r.lock = nil
	}
}

// JoinOptions says which run Join looks for.
type JoinOptions struct {
	Submitter
	Name  string
	Rerun []string                           // addresses that are to run again in any case
	Open  func(*Run) (slurm.Executor, error) // that runs the jobs of a run
}

// Join finds the newest run of a plan equal to p, if it is not over, so that the
// same is not run twice at a time. A run whose submitter died is completed. It
// returns nil if a new run has to be made.
func Join(ctx context.Context, w *workspace.Workspace, p *plan.Plan, o JoinOptions) (*Run, slurm.Executor, error) {
	r := newestEqual(w, p, o)
	if r == nil {
		return nil, nil, nil
	}
	if r.ended() { // which the files alone tell
		return nil, nil, nil
	}
	x, err := o.Open(r)
	if err != nil {
		return nil, nil, err
	}
	o.Secrets = SecretsOf(p)
	resumed, err := completeSubmission(ctx, r, x, o.Submitter)
	var back *TakenBackError
	if errors.As(err, &back) && ctx.Err() == nil {
		o.notice("%s.", strings.ToUpper(back.Error()[:1])+back.Error()[1:])
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if !resumed && r.over(ctx, x, o.Rerun) {
		return nil, nil, nil
	}
	return r, x, nil
}

// newestEqual finds the newest run of an equal plan, in which all runs that is
// to run again. Runs that cannot be read are passed over.
func newestEqual(w *workspace.Workspace, p *plan.Plan, o JoinOptions) *Run {
	all, err := ids(w)
	if err != nil {
		return nil
	}
	key := keyOfPlan(p, o.Name)
	var unread []error
	defer func() { o.passedOver(unread) }()
	for _, id := range slices.Backward(all) {
		r, err := open(w, id)
		if err != nil {
			unread = append(unread, err)
			continue
		}
		if r.File != p.File || keyOfRun(r) != key {
			continue
		}
		for _, address := range o.Rerun {
			if s, _ := r.Stage(address); s.Action != plan.Run {
				return nil
			}
		}
		return r
	}
	return nil
}

// passedOver says that runs cannot be read, so that nobody can tell whether one of
// them is doing what a new run is about to do.
func (o JoinOptions) passedOver(unread []error) {
	switch len(unread) {
	case 0:
	case 1:
		o.notice("Whether a run does the same already cannot be told: %v.", unread[0])
	default:
		o.notice("Whether one of %d runs does the same already cannot be told: %v, and others.", len(unread), unread[0])
	}
}

// ended reports whether the run's files say that it was submitted and has ended.
func (r *Run) ended() bool {
	o, err := observe(r)
	return err == nil && o.ledger.settled() && o.status().State.Ended()
}

// over reports whether nothing more is to come of the run: it has ended, or all
// that has not is being cancelled. A stage that is to run again must not have.
func (r *Run) over(ctx context.Context, x slurm.Executor, rerun []string) bool {
	o, err := observe(r)
	if err != nil {
		return true
	}
	status := o.look(ctx, x)
	open := false
	for _, s := range status.Stages {
		if s.State.Ended() && slices.Contains(rerun, s.Address) {
			return true
		}
		open = open || !s.State.Ended() && o.ledger.cancelled[s.Address] == ""
	}
	return !open
}

// SecretsOf are the values of the sensitive variables that the stages of a plan
// use, by address and name.
func SecretsOf(p *plan.Plan) map[string]map[string]string {
	secrets := map[string]map[string]string{}
	for _, s := range p.Stages {
		secrets[s.Address.String()] = s.Secrets
	}
	return secrets
}
