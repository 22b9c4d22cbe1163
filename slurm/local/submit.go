package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/runpipe/runpipe/slurm"
)

// submission is jobs/<id>.json: all of a slurm.Submission that may be written.
type submission struct {
	Version   int             `json:"version"`
	Name      string          `json:"name"`
	Comment   string          `json:"comment,omitempty"`
	Token     string          `json:"token"` // in the environment of all the job's processes, and of no other
	Script    string          `json:"script"`
	Dir       string          `json:"dir"`
	Log       string          `json:"log"`
	Resources slurm.Resources `json:"resources"`
	After     []string        `json:"after,omitempty"`
	Hold      bool            `json:"hold,omitempty"`
	Orphan    bool            `json:"orphan,omitempty"`
	Env       []string        `json:"env,omitempty"` // names of the variables that travel apart, sorted
	Submit    time.Time       `json:"submit"`
}

// Submit accepts one job for good before it returns. A job that could start at
// once (not held, and all it waits for has ended) is handed to the scheduler;
// the others wait for Release.
//
// It refuses what this machine can never give: a second node, or more GPUs than
// there are. A machine without any GPU accepts the job, which then runs without.
func (e *Executor) Submit(ctx context.Context, s slurm.Submission) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	id, err := e.submit(ctx, s)
	if err != nil {
		return id, fmt.Errorf("submitting %s: %w", s.Job.Name, err)
	}
	return id, nil
}

func (e *Executor) submit(ctx context.Context, s slurm.Submission) (string, error) {
	names, err := envNames(s.Env)
	if err != nil {
		return "", err
	}
	if err := e.possible(ctx, s); err != nil {
		return "", err
	}
	id, err := e.folder.reserve()
	if err != nil {
		return "", err
	}
	sub := submission{
		Version: fileVersion,
		Name:    s.Job.Name, Comment: s.Job.Comment, Token: rand.Text(),
		Script: s.Path, Dir: s.Job.Dir, Log: s.Job.Log,
		Resources: s.Job.Resources,
		After:     s.After, Hold: s.Hold, Orphan: s.Orphan, Env: names,
		Submit: time.Now().UTC(),
	}
	if err := writeJSON(e.folder.submission(id), sub); err != nil {
		return "", errors.Join(err, os.Remove(e.folder.submission(id)))
	}
	e.known[id] = sub
	if len(names) > 0 {
		for _, pair := range s.Env {
			e.env[id] = append(e.env[id], []byte(pair))
		}
	}
	if s.Hold {
		return id, nil
	}
	if err := e.announce(ctx, sub); err != nil {
		return id, fmt.Errorf("%w: job %s is accepted: %w", slurm.ErrAmbiguous, id, err)
	}
	return id, nil
}

// Supply gives again what travels with a job that another process submitted and
// did not release before it died: that was in its memory alone.
func (e *Executor) Supply(id string, env []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.env[id] = nil
	for _, pair := range env {
		e.env[id] = append(e.env[id], []byte(pair))
	}
}

// possible says why this machine can never run s, if so.
func (e *Executor) possible(ctx context.Context, s slurm.Submission) error {
	if !filepath.IsAbs(s.Path) || !filepath.IsAbs(s.Job.Log) || !filepath.IsAbs(s.Job.Dir) {
		return errors.New("the paths of the script, the log and the working folder must be absolute")
	}
	if !utf8.ValidString(s.Path + s.Job.Log + s.Job.Dir) {
		return errors.New("the paths of the script, the log and the working folder must be valid UTF-8")
	}
	if n := s.Job.Resources.Nodes; n > 1 {
		return fmt.Errorf("%d nodes were asked for, and the local executor has one: this machine", n)
	}
	for _, id := range s.After {
		if !isID(id) {
			return fmt.Errorf("it shall wait for job %q, which is no job of this run", id)
		}
		if info, err := os.Stat(e.folder.submission(id)); err != nil || info.Size() == 0 {
			return fmt.Errorf("it shall wait for job %s, which is no job of this run", id)
		}
	}
	if s.Job.Resources.GPUs == 0 {
		return nil
	}
	if e.machine == nil {
		m := Discover(ctx)
		e.machine = &m
	}
	return enoughGPUs(s.Job.Resources, *e.machine)
}

// enoughGPUs says so if m has GPUs, but fewer than are asked for.
func enoughGPUs(r slurm.Resources, m Machine) error {
	if n := len(m.GPUs); n > 0 && r.GPUs > n {
		return fmt.Errorf("%d GPUs were asked for, and this machine has %d", r.GPUs, n)
	}
	return nil
}

// announce lets the scheduler know of a job that is not held. Where none lives,
// one is started only if nothing keeps the job back: a chain whose heads are
// held is left alone until Release.
func (e *Executor) announce(ctx context.Context, sub submission) error {
	err := e.wake(ctx)
	if !errors.Is(err, errNoScheduler) {
		return err
	}
	st, err := e.folder.readState()
	if err != nil {
		return err
	}
	for _, id := range sub.After {
		if st.Jobs[id].State.Phase() != slurm.Ended {
			return nil
		}
	}
	return e.handOver(ctx)
}

// reserve makes the empty file of a new job. The kernel gives each number to
// one process only; a number whose submitter was killed is never used again.
func (f folder) reserve() (string, error) {
	if err := os.MkdirAll(f.jobs(), 0o700); err != nil {
		return "", err
	}
	entries, err := f.entries()
	if err != nil {
		return "", err
	}
	number := 1
	for _, e := range entries {
		number = max(number, e.number+1)
	}
	for ; ; number++ {
		id := strconv.Itoa(number)
		file, err := os.OpenFile(f.submission(id), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			return id, file.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
}

// envNames returns the names in a list of "NAME=value", sorted. An error never
// shows a value.
func envNames(env []string) ([]string, error) {
	var names []string
	for i, pair := range env {
		name, _, ok := strings.Cut(pair, "=")
		if !ok || name == "" || strings.ContainsRune(pair, 0) {
			return nil, fmt.Errorf("variable %d of its environment is not of the form NAME=value", i+1)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
