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
	"github.com/runpipe/runpipe/stages/digest"
)

// SubmitOptions says how a plan is submitted.
type SubmitOptions struct {
	Submitter
	ID      string           // of the run, from NewID
	Name    string           // given by the user, or ""
	Stages  []*plan.Compiled // the stages that run, compiled for this run
	Outputs []plan.SubmittedOutput
	Orphans bool         // leave dependents of a failed job pending instead of having Slurm cancel them
	Reserve *Reservation // given back once the run is there; may be nil
}

// Submit writes the run's folder and hands the whole chain to the executor: the
// jobs without an upstream are held until the last one is accepted, so that a
// chain starts whole or not at all. A process that is killed at it leaves a run
// that Resume completes.
func Submit(ctx context.Context, w *workspace.Workspace, p *plan.Plan, x slurm.Executor, o SubmitOptions) (*Run, error) {
	sweepUnborn(w)
	r, held, file, err := prepare(w, p, o)
	if err != nil {
		return nil, fmt.Errorf("preparing the run: %w", err)
	}
	defer held.release()
	o.Reserve.Release()
	journal, err := openJournal(r.Dir, submitterJournal)
	if err != nil {
		return nil, err
	}
	defer func() { _ = journal.Close() }() // every line was fsynced
	s := newSubmission(r, x, o.Submitter, held, journal, file)
	if err := s.complete(ctx); err != nil {
		return r, err
	}
	return r, nil
}

// prepare writes all files of the run, run.json last: a folder without it is no
// run. The run is locked from the start.
func prepare(w *workspace.Workspace, p *plan.Plan, o SubmitOptions) (*Run, *lock, *submissionFile, error) {
	record := p.Submitted()
	record.Run, record.Name, record.Created, record.Runpipe = o.ID, o.Name, time.Now().UTC(), pipeline.Version
	record.User, record.Host = whoami()
	record.Outputs = o.Outputs
	dir := w.Run(o.ID)
	if err := os.MkdirAll(w.Runs(), 0o700); err != nil {
		return nil, nil, nil, err
	}
	o.step("make the folder")
	if err := os.Mkdir(dir, 0o700); err != nil { // no run gets another's folder
		return nil, nil, nil, err
	}
	o.step("lock")
	held, err := acquire(filepath.Join(dir, lockName))
	if err != nil {
		return nil, nil, nil, err
	}
	file, err := writeStages(w, o, dir)
	if err == nil {
		err = workspace.WriteJSON(filepath.Join(dir, plan.EvaluatedFile), p.Evaluated())
	}
	if err == nil {
		o.step("write run.json")
		err = workspace.WriteJSON(filepath.Join(dir, plan.SubmittedFile), record)
	}
	if err == nil {
		err = present(w, record, o.Stages)
	}
	if err != nil {
		return nil, nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &Run{Submitted: record, Dir: dir, workspace: w}, held, file, nil
}

func writeStages(w *workspace.Workspace, o SubmitOptions, dir string) (*submissionFile, error) {
	known, err := digest.Open(w.Digests())
	if err != nil {
		return nil, err
	}
	file := &submissionFile{Version: submissionVersion, Orphans: o.Orphans}
	for _, c := range o.Stages {
		o.step("write %s", c.Address)
		if err := freeze(c, known); err != nil {
			return nil, fmt.Errorf("freezing the files of %s: %w", c.Address, err)
		}
		if err := writeStage(c); err != nil {
			return nil, fmt.Errorf("writing the job of %s: %w", c.Address, err)
		}
		file.Stages = append(file.Stages, stagedOf(c))
	}
	return file, workspace.WriteJSON(submissionPath(dir), file)
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
