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
// environment: only the names of the variables that reach the network are used.
// With probe set, interpreters are asked what they are; without, the scripts
// may name another python than the one that would be submitted.
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
		one, err := compileStage(s, at, p.workspace)
		if err != nil {
			diags = append(diags, diagnostic(s.Range, "Cannot be compiled", err.Error()))
			continue
		}
		compiled = append(compiled, one)
	}
	return compiled, diags
}

func (p *Plan) placement(run, runpipe string, environ []string) stages.Placement {
	keys, clones, conda := map[string]string{}, map[string]stages.Clone{}, map[string]bool{}
	for _, s := range p.Stages {
		keys[s.Address.String()] = s.Key
		if s.Clone != nil {
			clones[s.Address.String()] = *s.Clone
		}
		conda[s.Address.String()] = s.Venv != nil && s.Venv.Conda
	}
	return stages.Placement{
		Run: run, Pipeline: p.Name, File: p.base(), Executor: p.executor,
		Runpipe: runpipe, Version: pipeline.Version, Workspace: p.workspace.Root, Attempt: 1,
		Keys: keys, Pins: clones, Conda: conda, Output: p.workspace.Output,
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
