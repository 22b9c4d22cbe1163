package local

import (
	"context"
	"fmt"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

// Queue reports every job of the run, in the order of submission. A scheduler
// that died without a word is noticed: see bury.
func (e *Executor) Queue(context.Context) ([]slurm.QueuedJob, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, served, err := e.review()
	if err != nil {
		return nil, fmt.Errorf("reading the local queue: %w", err)
	}
	list := make([]slurm.QueuedJob, len(l.jobs))
	for i, j := range l.jobs {
		list[i] = slurm.QueuedJob{
			ID: j.id, Name: j.Name, Comment: j.Comment,
			State: j.State, Reason: j.Reason, Node: j.Node,
			Submit: j.Submit, Start: j.Start, End: j.End,
		}
		if j.ready() && !served {
			list[i].Reason = reasonIdle
		}
		if j.Exit != nil {
			list[i].Exit = &slurm.ExitCode{Code: j.Exit.Code, Signal: j.Exit.Signal}
		}
	}
	return list, nil
}

// review reads the run's folder as it stands and says whether a scheduler lives.
func (e *Executor) review() (l ledger, served bool, err error) {
	st, life, err := e.folder.readLiveState()
	if err != nil {
		return l, false, err
	}
	if err := l.load(e.folder, e.known); err != nil {
		return l, false, err
	}
	l.apply(st)
	switch life {
	case dead:
		left := marked()
		l.bury(func(j *job) bool { return len(left[j.Token]) > 0 })
	case absent:
		l.settle(time.Time{})
	default:
		l.expect()
	}
	return l, life == alive || life == foreign, nil
}

// expect says of the jobs that a living scheduler has not yet heard of what it
// will say. Whether a cancelled one has started by then is for it to tell.
func (l *ledger) expect() {
	for _, j := range l.jobs {
		if !j.recorded {
			j.cancelled = false
			l.settleOne(j, time.Time{})
		}
	}
}

// life is what is known of a run's scheduler.
type life int

const (
	absent  life = iota // never started, or ended by itself
	alive               // lives here
	dead                // was killed, or its machine was
	foreign             // belongs to another machine, where alone it can be judged
)

// readLiveState reads the state and judges the scheduler that wrote it. One
// that is gone may have ended in between: what it wrote last is read then.
func (f folder) readLiveState() (state, life, error) {
	st, err := f.readState()
	if err != nil || st.Scheduler == nil {
		return st, absent, err
	}
	life := st.Scheduler.life()
	if life != dead {
		return st, life, nil
	}
	if st, err = f.readState(); err != nil || st.Scheduler == nil {
		return st, absent, err
	}
	return st, st.Scheduler.life(), nil
}

// killLeftovers ends what a dead scheduler left of these jobs.
func (e *Executor) killLeftovers(ctx context.Context, ids []string) error {
	if _, life, err := e.folder.readLiveState(); life != dead || err != nil {
		return err
	}
	l := ledger{}
	if err := l.load(e.folder, e.known); err != nil {
		return err
	}
	var tokens []string
	for _, id := range ids {
		if j := l.byID[id]; j != nil {
			tokens = append(tokens, j.Token)
		}
	}
	return killMarked(ctx, tokens)
}
