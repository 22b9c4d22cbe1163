package run

import (
	"context"
	"errors"
	"io/fs"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
)

// started reports whether any job of the chain has come to its command. One that
// was submitted behind a job that the scheduler has lost starts at once, and
// waits in vain for the other's record.
func (s *submission) started() bool {
	for _, job := range s.file.Stages {
		rec, err := record.Read(workspace.Attempt(s.run.StageDir(job.Address), job.Attempt))
		if err == nil && rec.Step != "prepare" || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}

// restart cancels what is left of the chain, none of which has run.
func (s *submission) restart(ctx context.Context) error {
	tokens := map[string]int{} // none is waited for: the queue has been looked at for long enough
	for _, job := range s.file.Stages {
		tokens[job.Token] = 0
	}
	if err := s.cancel(ctx, func() (map[string][]slurm.QueuedJob, error) { return s.search(ctx, tokens) }); err != nil {
		return err
	}
	s.ids, s.unsure, s.order, s.extra = map[string]string{}, map[string]int{}, nil, nil
	s.ledger = newLedger(nil)
	return s.journal.Write(Entry{Event: EventRestart})
}

// cancelTokens cancels all jobs that have a token of the chain. Their ids alone
// say nothing once the scheduler has lost jobs: it uses them again for others.
func (s *submission) cancelTokens(ctx context.Context) error {
	want := map[string]int{}
	for _, job := range s.file.Stages {
		if s.ids[job.Address] != "" || s.unsure[job.Token] > 0 {
			want[job.Token] = max(1, s.unsure[job.Token])
		}
	}
	if len(want) == 0 {
		return nil
	}
	return s.cancel(ctx, func() (map[string][]slurm.QueuedJob, error) { return s.search(ctx, want) })
}

func idsOf(found map[string][]slurm.QueuedJob) []string {
	var ids []string
	for _, jobs := range found {
		for _, job := range jobs {
			ids = append(ids, job.ID)
		}
	}
	return byNumber(ids)
}
