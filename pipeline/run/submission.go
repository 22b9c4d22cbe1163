package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

// submission is one chain on its way, for the first time or taken up again.
type submission struct {
	Submitter
	run      *Run
	executor slurm.Executor
	lock     *lock
	journal  *Journal
	file     *submissionFile
	ledger   ledger            // of what was done before this process
	ids      map[string]string // address → job id, of what was accepted
	order    []string          // the ids, in the order of submission
	extra    []string          // ids of further jobs with the token of one of these
	unsure   map[string]int    // token → jobs that may exist, of submissions without an answer
	doubt    bool              // something went wrong on the way: look at the whole chain before it runs
}

func newSubmission(r *Run, x slurm.Executor, by Submitter, held *lock, j *Journal, f *submissionFile) *submission {
	return &submission{
		Submitter: by, run: r, executor: x, lock: held, journal: j, file: f, ledger: newLedger(nil),
		ids: map[string]string{}, unsure: map[string]int{},
	}
}

// errUnlocked says that somebody has removed the lock under this process.
var errUnlocked = errors.New("somebody has unlocked the run while it was being submitted here, and goes on with it")

// complete submits what is not submitted yet, and lets the chain go. A chain of
// which the scheduler has lost a job, as a controller does that is killed within
// seconds of accepting it, is submitted anew.
func (s *submission) complete(ctx context.Context) error {
	const anew = 3
	for try := 0; ; try++ {
		address, err := s.once(ctx)
		if err == nil {
			return nil
		}
		var gone *goneError
		if !errors.As(err, &gone) || try == anew || s.started() {
			return s.fail(address, err)
		}
		s.notice("The scheduler has lost %s (job %s), which it had accepted: submitting the whole chain anew.", gone.address, gone.id)
		if err := s.restart(ctx); err != nil {
			return s.fail("", err)
		}
	}
}

// once goes through a submission; on an error it says which stage it concerns.
func (s *submission) once(ctx context.Context) (address string, err error) {
	for _, job := range s.file.Stages {
		if s.ids[job.Address] != "" || s.blocked(job) {
			continue
		}
		if err := s.one(ctx, job); err != nil {
			return job.Address, err
		}
	}
	if err := s.dropCancelled(ctx); err != nil {
		return "", err
	}
	if !s.ledger.releasing && (s.doubt || s.executor.Name() != "local") {
		if err := s.verify(ctx); err != nil {
			return "", err
		}
	}
	return "", s.release(ctx)
}

// fail ends a submission that cannot be completed.
func (s *submission) fail(address string, err error) error {
	if errors.Is(err, errUnlocked) {
		return err
	}
	return s.rollback(address, err)
}

// blocked reports whether the stage can never run: a check of a reused upstream
// does not hold, or it was cancelled meanwhile. Neither can what depends on it.
func (s *submission) blocked(job staged) bool {
	if s.ledger.cancelled[job.Address] != "" {
		return true
	}
	for _, address := range job.After {
		up, _ := s.run.Stage(address)
		if up.Reused != nil {
			if !up.Reused.ChecksHeld() {
				return true
			}
		} else if s.ids[address] == "" {
			return true
		}
	}
	return false
}

// upstreams are the ids of the jobs that the stage waits for. A reused stage
// has none: the id of a finished job is never named.
func (s *submission) upstreams(job staged) []string {
	var ids []string
	for _, address := range job.After {
		if id := s.ids[address]; id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// one submits one stage, each time between two lines of the journal, until the
// answer is sure.
func (s *submission) one(ctx context.Context, job staged) error {
	line := Entry{Event: EventSubmit, Address: job.Address, Attempt: job.Attempt, Token: job.Token}
	pauses := retries()
	for {
		if err := s.ready(ctx); err != nil {
			return err
		}
		s.step("note that %s is submitted", job.Address)
		line.Event = EventSubmit
		if err := s.journal.Write(line); err != nil {
			return err
		}
		s.step("submit %s", job.Address)
		id, err := s.hand(ctx, job)
		s.step("note what came of %s", job.Address)
		switch {
		case err == nil:
			return s.accept(job, id)
		case errors.Is(err, slurm.ErrAmbiguous):
			s.notice("Slurm did not say whether it has taken %s: looking for the job before anything else is done.", job.Address)
			s.doubt = true
			s.unsure[job.Token]++
			found, err := s.search(ctx, s.unsure)
			if err != nil {
				return err
			}
			if jobs := found[job.Token]; len(jobs) > 0 {
				return s.accept(job, s.choose(jobs, ""))
			}
		case errors.Is(err, slurm.ErrUnreachable):
			s.doubt = true
			line.Event = EventUnsent
			if err := s.journal.Write(line); err != nil {
				return err
			}
			if err := pauses.wait(ctx, s.Submitter, err); err != nil {
				return err
			}
		case errors.Is(err, slurm.ErrDependency):
			// A controller that was killed has lost a job which this one is to wait
			// for; it may even have come to the same id again.
			s.doubt = true
			if gone := s.verify(ctx); gone != nil {
				return gone
			}
			return &refusal{explain(err)}
		default:
			return &refusal{explain(err)}
		}
	}
}

// ready says why no further step may be taken, if so.
func (s *submission) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !s.lock.held() {
		return errUnlocked
	}
	return nil
}

// submitGrace is how long an sbatch under way may still take after Ctrl-C: one
// that is killed leaves the question whether there is a job.
const submitGrace = 5 * time.Second

// hand hands one job to the executor.
func (s *submission) hand(ctx context.Context, job staged) (string, error) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(submitGrace, cancel) })()
	after := s.upstreams(job)
	return s.executor.Submit(late, slurm.Submission{
		Job: job.job(), Path: job.Script, After: after, Hold: len(after) == 0,
		Env: s.env(job), Orphan: s.file.Orphans,
	})
}

// accept takes note of a job.
func (s *submission) accept(job staged, id string) error {
	s.take(job, id)
	delete(s.unsure, job.Token)
	return s.journal.Write(Entry{Event: EventSubmitted, Address: job.Address, Attempt: job.Attempt, Token: job.Token, Job: id})
}

func (s *submission) take(job staged, id string) {
	s.ids[job.Address] = id
	s.order = append(s.order, id)
}

// heads are the jobs that are held: those without an upstream.
func (s *submission) heads() []string {
	var ids []string
	for _, job := range s.file.Stages {
		if id := s.ids[job.Address]; id != "" && len(s.upstreams(job)) == 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// slowRelease is how long a release takes that has waited for a controller to
// come back. It says nothing of jobs that this one does not know any more.
const slowRelease = 2 * time.Second

// release lets the heads go once the whole chain is accepted.
func (s *submission) release(ctx context.Context) error {
	if err := s.dropCancelled(ctx); err != nil {
		return err
	}
	heads := s.heads()
	s.step("note that the chain is released")
	if err := s.journal.Write(Entry{Event: EventRelease, Jobs: heads}); err != nil {
		return err
	}
	pauses := retries()
	for within := shortAnswer; len(heads) > 0; within = min(2*within, longAnswer) {
		if err := s.ready(ctx); err != nil {
			return err
		}
		s.step("release the chain")
		began := time.Now()
		err := s.answered(ctx, within, func(ctx context.Context) error { return s.executor.Release(ctx, heads...) })
		if err == nil && time.Since(began) < slowRelease {
			break
		}
		released := err == nil
		if !released {
			err = pauses.wait(ctx, s.Submitter, err) // releasing again does no harm
		}
		if err != nil {
			return fmt.Errorf("releasing the first jobs: %w", err)
		}
		var gone *goneError
		if err = s.verify(ctx); errors.As(err, &gone) && s.started() {
			break // the release was heard: the job has run, and is forgotten
		}
		if err != nil {
			return err
		}
		if released {
			break
		}
	}
	s.run.letGoHere = true
	s.step("note that the chain was released")
	return s.journal.Write(Entry{Event: EventReleased, Jobs: heads})
}

// dropCancelled cancels the jobs of stages that somebody cancelled while the
// chain was on its way.
func (s *submission) dropCancelled(ctx context.Context) error {
	entries, err := readJournal(s.run.Dir)
	if err != nil {
		return err
	}
	var ids []string
	for address := range newLedger(entries).cancelled {
		if id := s.ids[address]; id != "" {
			ids = append(ids, id)
			delete(s.ids, address)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := s.executor.Cancel(ctx, byNumber(ids)...); err != nil {
		return fmt.Errorf("cancelling what was cancelled during the submission: %w", err)
	}
	return nil
}
