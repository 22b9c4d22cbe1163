package plan

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

// Compiled is a stage of the plan with the script that it runs as.
type Compiled struct {
	*Stage
	*stages.Compiled
	Dir    string // the stage's folder in the run
	Script []byte // job.sh
}

// Compile compiles the stages that run, in order, for the run with this id.
// runpipe is the binary that the jobs execute. environ is the submitter's
// environment, of which only names are used.
// With probe set, interpreters are asked what they are, and the variables that jobs
// are to be given have to be there; without, the scripts may name another python
// than the one that would be submitted.
func (p *Plan) Compile(ctx context.Context, run, runpipe string, environ []string, probe bool) ([]*Compiled, hcl.Diagnostics) {
	var compiled []*Compiled
	var diags hcl.Diagnostics
	at := p.placement(run, runpipe, environ)
	for _, s := range p.Stages {
		if s.Action == Reuse {
			continue
		}
		if s.Venv != nil {
			tools, err := findTools(ctx, s.Stage, probe)
			if err != nil && p.executor == "local" {
				diags = append(diags, diagnostic(s.Range, missingTool(s.Stage), err.Error()))
				continue
			}
			at.Tools = tools
		}
		if s.Layer != nil {
			at.Tools = stages.Tools{UV: python.UV()}
		}
		one, err := compileStage(s, at, p.workspace)
		if err != nil {
			diags = append(diags, diagnostic(s.Range, "Cannot be compiled", err.Error()))
			continue
		}
		if probe {
			diags = append(diags, unset(one, environ)...)
		}
		compiled = append(compiled, one)
	}
	return compiled, diags
}

// unset refuses a job that would end as soon as it starts, perhaps after a day in the
// queue, for want of a variable of its submitter's.
func unset(c *Compiled, environ []string) hcl.Diagnostics {
	var names []string
	for _, name := range c.Manifest.PassEnv {
		_, secret := c.Secrets[name]
		if _, ok := valueOf(environ, name); !ok && !secret {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return hcl.Diagnostics{diagnostic(c.Range, "Variable not set", fmt.Sprintf("%s is to be given %s of your environment (pass_env), and there is none. Set it, to nothing if it does not matter.", c.Address, strings.Join(names, ", ")))}
}

func (p *Plan) placement(run, runpipe string, environ []string) stages.Placement {
	keys, pinned, conda := map[string]string{}, map[string]stages.Pinned{}, map[string]bool{}
	for _, s := range p.Stages {
		keys[s.Address.String()] = s.Key
		if one, ok := s.Pinned(); ok {
			pinned[s.Address.String()] = one
		}
		conda[s.Address.String()] = s.Venv != nil && s.Venv.Conda
	}
	return stages.Placement{
		Run: run, Pipeline: p.Name, File: p.base(), Executor: p.executor,
		Runpipe: runpipe, Version: pipeline.Version, Workspace: p.workspace.Root, Attempt: 1,
		Keys: keys, Pins: pinned, Conda: conda, Output: p.workspace.Output,
		Frozen: func(content string) string {
			return filepath.Join(p.workspace.Files(), strings.TrimPrefix(content, "sha256:"))
		},
		Downloaded: func(sha256 string) string { return download.Path(p.workspace.Data(), sha256) },
		Bare: func(repository string) (string, error) {
			remote, err := git.ParseRemote(repository, filepath.Dir(p.File))
			if err != nil {
				return "", err
			}
			return remote.Bare(p.workspace.Repos()), nil
		},
		Packages: p.workspace.Packages(),
		Network:  stages.SetNetwork(environ),
	}
}

func compileStage(s *Stage, at stages.Placement, w *workspace.Workspace) (*Compiled, error) {
	at.StageDir = w.Stage(at.Run, s.Address)
	at.Replace = s.Replace
	one, err := stages.Compile(s.Stage, at)
	if err != nil {
		return nil, err
	}
	script, err := one.Job.Render()
	if err != nil {
		return nil, fmt.Errorf("writing the script: %w", err)
	}
	return &Compiled{Stage: s, Compiled: one, Dir: at.StageDir, Script: script}, nil
}
