package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/stages"
)

// SubmitOptions says how a plan is submitted.
type SubmitOptions struct {
	ID      string           // of the run, from NewID
	Name    string           // given by the user, or ""
	Environ []string         // the submitter's: pass_env takes its values from here
	Stages  []*plan.Compiled // the stages that run, compiled for this run
	Outputs []plan.SubmittedOutput
	Orphans bool // leave dependents of a failed job pending instead of having Slurm cancel them
}

// RefusedError says that the scheduler refused a stage. Nothing of the run is
// left in the queue.
type RefusedError struct {
	Address string
	Err     error
}

// Error names the stage, and says in the scheduler's own words why.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s was refused, and nothing was submitted: %v", e.Address, e.Err)
}

// Unwrap gives the scheduler's error.
func (e *RefusedError) Unwrap() error { return e.Err }

// Submit writes the run's folder and hands the whole chain to the executor: the
// jobs without an upstream are held until the last one is accepted, so that a
// chain starts whole or not at all.
func Submit(ctx context.Context, w *workspace.Workspace, p *plan.Plan, x slurm.Executor, o SubmitOptions) (*Run, error) {
	r, err := prepare(w, p, o)
	if err != nil {
		return nil, fmt.Errorf("preparing the run: %w", err)
	}
	journal, err := openJournal(r.Dir, submitterJournal)
	if err != nil {
		return nil, err
	}
	defer func() { _ = journal.Close() }() // every line was fsynced
	s := &submission{run: r, executor: x, journal: journal, options: o, ids: map[string]string{}}
	if err := s.all(ctx); err != nil {
		return r, err
	}
	return r, nil
}

// prepare writes all files of the run, run.json last: a folder without it is no run.
func prepare(w *workspace.Workspace, p *plan.Plan, o SubmitOptions) (*Run, error) {
	record := p.Submitted()
	record.Run, record.Name, record.Created, record.Runpipe = o.ID, o.Name, time.Now().UTC(), pipeline.Version
	record.User, record.Host = whoami()
	record.Outputs = o.Outputs
	if err := os.MkdirAll(w.Runs(), 0o700); err != nil {
		return nil, err
	}
	if err := os.Mkdir(w.Run(o.ID), 0o700); err != nil { // no run gets another's folder
		return nil, err
	}
	for _, c := range o.Stages {
		if err := freeze(c); err != nil {
			return nil, fmt.Errorf("freezing the files of %s: %w", c.Address, err)
		}
		if err := writeStage(c); err != nil {
			return nil, fmt.Errorf("writing the job of %s: %w", c.Address, err)
		}
	}
	if err := workspace.WriteJSON(filepath.Join(w.Run(o.ID), plan.SubmittedFile), record); err != nil {
		return nil, err
	}
	return &Run{Submitted: record, Dir: w.Run(o.ID), workspace: w}, nil
}

// writeStage writes job.sh, job.json and what else the stage needs. They are
// not fsynced one by one: job.sh names the sha256 of job.json, so that a file
// that a crash cut short is found out when the job starts.
func writeStage(c *plan.Compiled) error {
	files := map[string][]byte{"job.sh": c.Script, "job.json": c.JSON}
	for name, content := range c.Files {
		files[name] = content
	}
	// Slurm opens the log before the job runs, and starts none whose folder is missing.
	if err := os.MkdirAll(filepath.Dir(c.Job.Log), 0o700); err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(c.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// submission is one chain on its way.
type submission struct {
	run      *Run
	executor slurm.Executor
	journal  *Journal
	options  SubmitOptions
	ids      map[string]string // address → job id, of what was accepted
	order    []string          // the ids, in the order of submission
	heads    []string          // the ids that are held
}

func (s *submission) all(ctx context.Context) error {
	for _, c := range s.options.Stages {
		if s.blocked(c) {
			continue
		}
		if err := s.one(ctx, c); err != nil {
			return s.rollback(c.Address.String(), err)
		}
	}
	if len(s.order) == 0 {
		return nil
	}
	return s.release(ctx)
}

// blocked reports whether a reused upstream's check does not hold: the stage
// cannot run, and neither can what depends on it.
func (s *submission) blocked(c *plan.Compiled) bool {
	for _, address := range c.After {
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

// one submits one stage, between two lines of the journal.
func (s *submission) one(ctx context.Context, c *plan.Compiled) error {
	address, attempt := c.Address.String(), c.Manifest.Attempt
	line := Entry{Event: EventSubmit, Address: address, Attempt: attempt, Token: c.Job.Comment}
	if err := s.journal.Write(line); err != nil {
		return err
	}
	var after []string
	for _, upstream := range c.After {
		if id := s.ids[upstream]; id != "" { // a reused one has no job: never name a finished job's id
			after = append(after, id)
		}
	}
	id, err := s.executor.Submit(ctx, slurm.Submission{
		Job: c.Job, Path: filepath.Join(c.Dir, "job.sh"), After: after, Hold: len(after) == 0,
		Env: passedEnv(c, s.options.Environ), Orphan: s.options.Orphans,
	})
	if err != nil {
		return err
	}
	s.ids[address] = id
	s.order = append(s.order, id)
	if len(after) == 0 {
		s.heads = append(s.heads, id)
	}
	line.Event, line.Job = EventSubmitted, id
	return s.journal.Write(line)
}

// release lets the heads go once the whole chain is accepted.
func (s *submission) release(ctx context.Context) error {
	if err := s.journal.Write(Entry{Event: EventRelease, Jobs: s.heads}); err != nil {
		return s.rollback("", err)
	}
	if err := s.executor.Release(ctx, s.heads...); err != nil {
		return s.rollback("", fmt.Errorf("releasing the first jobs: %w", err))
	}
	return s.journal.Write(Entry{Event: EventReleased, Jobs: s.heads})
}

// rollbackTimeout bounds the cancellation of a chain that was refused.
const rollbackTimeout = 30 * time.Second

// rollback cancels what was accepted, even if the caller's context has ended.
func (s *submission) rollback(address string, cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	event := EventRefused
	if address == "" {
		event = EventRollback
	}
	faults := []error{&RefusedError{Address: address, Err: cause}}
	if address == "" {
		faults = []error{cause}
	}
	if err := s.journal.Write(Entry{Event: event, Address: address, Jobs: s.order, Error: cause.Error()}); err != nil {
		faults = append(faults, err)
	}
	if len(s.order) > 0 {
		if err := s.executor.Cancel(ctx, s.order...); err != nil {
			faults = append(faults, fmt.Errorf("cancelling %s, which were submitted before: %w", strings.Join(s.order, ", "), err))
		}
	}
	return errors.Join(faults...)
}

// passedEnv is what travels with the job and is written nowhere.
func passedEnv(c *plan.Compiled, environ []string) []string {
	var env []string
	for _, name := range c.Manifest.PassEnv {
		value, ok := c.Secrets[name]
		if !ok {
			value, ok = lookup(environ, name)
		}
		if ok {
			env = append(env, stages.EnvPrefix+name+"="+value)
		}
	}
	return env
}

func lookup(environ []string, name string) (string, bool) {
	for i := len(environ) - 1; i >= 0; i-- {
		if n, value, _ := strings.Cut(environ[i], "="); n == name {
			return value, true
		}
	}
	return "", false
}

func whoami() (name, host string) {
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, _ = os.Hostname() // "" where it is unknown
	return name, host
}
