package run

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

// sureAfter is for how long the queue must be seen without a job to be sure
// that there is none. The first answer of a controller that was busy has missed
// a job it had accepted in 2 of 24 trials; sbatch waits 10 s for its answer.
const sureAfter = 20 * time.Second

// search looks through all of the user's jobs for those with the tokens, until
// each has as many as there may be, or it is sure that there are no more. The
// jobs that have not ended are returned, in the order of their ids.
func (s *submission) search(ctx context.Context, want map[string]int) (map[string][]slurm.QueuedJob, error) {
	found, _, err := s.lookFor(ctx, want)
	return found, err
}

// lookFor is search, and returns the tokens of the ended jobs too, by id.
//
// The accounting is not asked: a chain that is held has no job that ended by
// itself, so that the queue still knows all of them.
func (s *submission) lookFor(ctx context.Context, want map[string]int) (found map[string][]slurm.QueuedJob, ended map[string]string, err error) {
	var since time.Time
	pauses, next := retries(), 100*time.Millisecond
	for {
		jobs, err := s.executor.Queue(ctx)
		if err != nil {
			since = time.Time{}
			if err := pauses.wait(ctx, s.Submitter, err); err != nil {
				return nil, nil, err
			}
			continue
		}
		found, ended, all := withTokens(jobs, want)
		if since.IsZero() {
			since = time.Now()
		}
		if all || s.executor.Name() == "local" || time.Since(since) >= sureAfter {
			return found, ended, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(next):
			next = min(2*next, 2*time.Second)
		}
	}
}

// withTokens picks the live and the ended jobs with the tokens, and reports whether each
// token has as many, ended ones too, as are wanted.
func withTokens(jobs []slurm.QueuedJob, want map[string]int) (found map[string][]slurm.QueuedJob, ended map[string]string, all bool) {
	found, ended = map[string][]slurm.QueuedJob{}, map[string]string{}
	seen := map[string]int{}
	for _, job := range jobs {
		if _, ok := want[job.Comment]; !ok {
			continue
		}
		seen[job.Comment]++
		if job.State.Phase() == slurm.Ended {
			ended[job.ID] = job.Comment
		} else {
			found[job.Comment] = append(found[job.Comment], job)
		}
	}
	all = true
	for token, n := range want {
		all = all && seen[token] >= n
		slices.SortFunc(found[token], func(a, b slurm.QueuedJob) int { return cmp.Compare(number(a.ID), number(b.ID)) })
	}
	return found, ended, all
}

// choose takes one of the live jobs with a token, the one that the journal
// names if it is among them (dependents may name it too), else the one with the
// lowest id. The others are set aside.
func (s *submission) choose(jobs []slurm.QueuedJob, known string) string {
	chosen := jobs[0].ID
	for _, job := range jobs {
		if job.ID == known {
			chosen = known
		}
	}
	for _, job := range jobs {
		if job.ID != chosen && !slices.Contains(s.extra, job.ID) {
			s.extra = append(s.extra, job.ID)
		}
	}
	return chosen
}

// verify makes sure, before anything runs, that each stage has one job.
func (s *submission) verify(ctx context.Context) error {
	want, known := map[string]int{}, map[string]string{}
	for _, job := range s.file.Stages {
		if id := s.ids[job.Address]; id != "" {
			want[job.Token], known[job.Token] = 1, id
		}
	}
	for token, n := range s.unsure {
		want[token] += n
	}
	found, ended, err := s.lookFor(ctx, want)
	if err != nil {
		return err
	}
	for _, job := range s.file.Stages {
		id := s.ids[job.Address]
		if id == "" {
			continue
		}
		if ended[id] == job.Token { // by hand, or since the chain was released in spite of an error
			continue
		}
		if jobs := found[job.Token]; len(jobs) == 0 || s.choose(jobs, id) != id {
			return &goneError{job.Address, id}
		}
	}
	return s.dropExtra(ctx)
}

// dropExtra cancels the second jobs of stages that have one.
func (s *submission) dropExtra(ctx context.Context) error {
	if len(s.extra) == 0 {
		return nil
	}
	if err := s.journal.Write(Entry{Event: EventDropped, Jobs: s.extra}); err != nil {
		return err
	}
	s.step("drop second jobs")
	if err := s.executor.Cancel(ctx, s.extra...); err != nil {
		return fmt.Errorf("cancelling jobs that were submitted twice: %w", err)
	}
	s.extra = nil
	return nil
}

// goneError is a job that was accepted and is no longer there to be released.
type goneError struct{ address, id string }

func (e *goneError) Error() string {
	return fmt.Sprintf("job %s of %s, which had been accepted, is not in the queue any more (was it cancelled?)", e.id, e.address)
}

// number is a job's id as a number.
func number(id string) int {
	digits, _, _ := strings.Cut(id, "_")
	n, _ := strconv.Atoi(digits) // 0 for what is none
	return n
}

func byNumber(ids []string) []string {
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	return slices.Compact(ids)
}
