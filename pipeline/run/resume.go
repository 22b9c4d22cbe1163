package run

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/runpipe/runpipe/slurm"
)

// SecretsError says that a stage needs sensitive variables whose values are
// written nowhere, so that only an apply of the pipeline's file knows them.
type SecretsError struct {
	Run, File, Address string
	Names              []string
}

// Error names the variables, and says what to do.
func (e *SecretsError) Error() string {
	return fmt.Sprintf("%s needs the sensitive values of %s, which are stored nowhere: give them again with runpipe apply %s, which goes on with run %s",
		e.Address, strings.Join(e.Names, ", "), e.File, e.Run)
}

// Resume completes the submission of a run whose submitter died at it, or takes
// back what is left of one that had failed (*TakenBackError). It first waits
// for a submitter that lives. Jobs that are held although the chain was let go, it
// lets go again. It reports whether there was anything to do.
func Resume(ctx context.Context, r *Run, x slurm.Executor, by Submitter) (resumed bool, err error) {
	resumed, err = completeSubmission(ctx, r, x, by)
	if resumed || err != nil {
		return resumed, err
	}
	return letGoAgain(ctx, r, x, by)
}

func completeSubmission(ctx context.Context, r *Run, x slurm.Executor, by Submitter) (resumed bool, err error) {
	if entries, err := readJournal(r.Dir); err != nil || newLedger(entries).settled() {
		return false, err
	}
	held, err := awaitLock(ctx, filepath.Join(r.Dir, lockName), func(text string) { by.notice("%s", text) })
	var busy *HeldError
	if errors.As(err, &busy) {
		return false, fmt.Errorf("run %s: %w; if it does not: runpipe unlock %s", r.Run, err, r.Run)
	}
	if err != nil {
		return false, fmt.Errorf("locking run %s: %w", r.Run, err)
	}
	defer held.release()
	s, err := takeUp(r, x, by, held)
	if err != nil || s == nil {
		return false, err
	}
	defer func() { _ = s.journal.Close() }() // every line was fsynced
	return true, s.resume(ctx)
}

// takeUp reads how far a submission came; nil if it is over.
func takeUp(r *Run, x slurm.Executor, by Submitter, held *lock) (*submission, error) {
	entries, err := readJournal(r.Dir)
	if err != nil {
		return nil, err
	}
	done := newLedger(entries)
	if done.settled() {
		return nil, nil
	}
	file, err := readSubmission(r.Dir)
	if err != nil {
		return nil, err
	}
	journal, err := openJournal(r.Dir, laterJournal())
	if err != nil {
		return nil, err
	}
	journal.after = done.newest
	s := newSubmission(r, x, by, held, journal, file)
	s.ledger, s.doubt = done, !done.releasing
	return s, nil
}

func (s *submission) resume(ctx context.Context) error {
	if s.ledger.rolledBack != "" {
		s.takeKnown()
		cause := errors.New(s.ledger.rolledBack)
		if err := s.takeBack(); err != nil {
			return s.left(cause, err)
		}
		return &TakenBackError{s.run.Run, cause}
	}
	s.notice("Run %s was left while it was being submitted: going on with it.", s.run.Run)
	if err := s.secrets(); err != nil {
		return err
	}
	if s.ledger.releasing {
		s.takeKnown()
		return s.complete(ctx)
	}
	if err := s.recall(ctx); err != nil {
		return s.fail("", err)
	}
	return s.complete(ctx)
}

// secrets makes sure that all values are known which are still needed. A local
// scheduler has none before the chain is released.
func (s *submission) secrets() error {
	for _, job := range s.file.Stages {
		if s.ledger.jobs[job.Address].id != "" && s.executor.Name() != "local" {
			continue
		}
		if names := s.lacks(job); len(names) > 0 {
			return &SecretsError{s.run.Run, s.run.File, job.Address, names}
		}
	}
	return nil
}

// takeKnown takes over what the journals tell, without asking.
func (s *submission) takeKnown() {
	for _, job := range s.file.Stages {
		if s.ledger.doubtful(job.Address) {
			s.unsure[job.Token] = s.ledger.tries[job.Address]
		}
		if id := s.ledger.jobs[job.Address].id; id != "" {
			s.take(job, id)
			s.supply(job, id)
		}
	}
}

// recall finds the jobs that earlier submitters of the run left, those too of
// which no journal tells.
func (s *submission) recall(ctx context.Context) error {
	want := map[string]int{}
	for _, job := range s.file.Stages {
		if n := s.ledger.tries[job.Address]; n > 0 {
			want[job.Token] = n
		}
	}
	if len(want) == 0 {
		return nil
	}
	s.unsure = want
	found, err := s.search(ctx, want)
	if err != nil {
		return err
	}
	s.unsure = map[string]int{}
	for _, job := range s.file.Stages {
		jobs, known := found[job.Token], s.ledger.jobs[job.Address].id
		if s.ledger.cancelled[job.Address] != "" {
			continue
		}
		if len(jobs) == 0 {
			if known != "" {
				return &goneError{job.Address, known}
			}
			continue
		}
		id := s.choose(jobs, known)
		s.supply(job, id)
		if id == known {
			s.take(job, id)
			continue
		}
		s.step("note that %s was found", job.Address)
		if err := s.accept(job, id); err != nil {
			return err
		}
	}
	return nil
}

// supplier is an executor that keeps what travels with a job in the memory of
// its submitter until the job is released.
type supplier interface {
	Supply(id string, env []string)
}

func (s *submission) supply(job staged, id string) {
	if x, ok := s.executor.(supplier); ok && len(job.PassEnv) > 0 {
		x.Supply(id, s.env(job))
	}
}
