package run

import (
	"fmt"
	"path/filepath"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/stages"
)

// submissionVersion is the version of submission.json.
const submissionVersion = 1

// submissionFile is submission.json: all that it takes to submit the run's jobs
// once more in another process, but for the values of variables, which are
// written nowhere.
type submissionFile struct {
	Version int      `json:"version"`
	Orphans bool     `json:"orphans,omitempty"` // no --kill-on-invalid-dep
	Stages  []staged `json:"stages"`            // dependencies first
}

// staged is one stage that waits to be submitted, or was.
type staged struct {
	Address   string          `json:"address"`
	Attempt   int             `json:"attempt"`
	Name      string          `json:"name"`
	Token     string          `json:"token"`
	Script    string          `json:"script"` // absolute path
	Log       string          `json:"log"`
	Dir       string          `json:"dir"`
	Resources slurm.Resources `json:"resources"`
	After     []string        `json:"after,omitempty"`    // addresses
	PassEnv   []string        `json:"pass_env,omitempty"` // names of what travels with the job
	Secrets   []string        `json:"secrets,omitempty"`  // those of them that are sensitive variables of the pipeline
}

func stagedOf(c *plan.Compiled) staged {
	s := staged{
		Address: c.Address.String(), Attempt: c.Manifest.Attempt,
		Name: c.Job.Name, Token: c.Job.Comment, Script: filepath.Join(c.Dir, "job.sh"),
		Log: c.Job.Log, Dir: c.Job.Dir, Resources: c.Job.Resources, After: c.After,
		PassEnv: c.Manifest.PassEnv,
	}
	for _, name := range s.PassEnv {
		if _, ok := c.Secrets[name]; ok {
			s.Secrets = append(s.Secrets, name)
		}
	}
	return s
}

// job is what an executor needs to know of the job besides its script.
func (s staged) job() slurm.Job {
	return slurm.Job{Name: s.Name, Comment: s.Token, Log: s.Log, Dir: s.Dir, Resources: s.Resources}
}

func submissionPath(dir string) string { return filepath.Join(dir, "submission.json") }

func readSubmission(dir string) (*submissionFile, error) {
	var f submissionFile
	if err := workspace.ReadJSON(submissionPath(dir), &f, submissionVersion); err != nil {
		return nil, fmt.Errorf("reading what was to be submitted: %w", err)
	}
	return &f, nil
}

// Submitter is what only the process knows that submits.
type Submitter struct {
	Environ []string                     // pass_env takes its values from here
	Secrets map[string]map[string]string // address → name → value of sensitive variables
	Notice  func(string)                 // tells the user, in a sentence, why it takes long; may be nil
	Step    func(string)                 // is called before each step; may be nil. Tests end the process there.
}

func (s Submitter) notice(format string, args ...any) {
	if s.Notice != nil {
		s.Notice(fmt.Sprintf(format, args...))
	}
}

func (s Submitter) step(format string, args ...any) {
	if s.Step != nil {
		s.Step(fmt.Sprintf(format, args...))
	}
}

// env is what travels with the job and is written nowhere.
func (s Submitter) env(job staged) []string {
	var env []string
	for _, name := range job.PassEnv {
		value, ok := s.Secrets[job.Address][name]
		if !ok {
			value, ok = lookup(s.Environ, name)
		}
		if ok {
			env = append(env, stages.EnvPrefix+name+"="+value)
		}
	}
	return env
}

// lacks lists the sensitive variables of a stage whose values are not known.
func (s Submitter) lacks(job staged) []string {
	var names []string
	for _, name := range job.Secrets {
		if _, ok := s.Secrets[job.Address][name]; !ok {
			names = append(names, name)
		}
	}
	return names
}
