package plan

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

// Environments is what a pipeline asks to have locked once its clones are
// pinned, sorted as its stages are. environ is the submitter's.
// progress makes a bar for what has to be downloaded to be locked, and may be nil.
func Environments(p *pipeline.Pipeline, f *lock.File, w *workspace.Workspace, environ []string, progress func(label string) git.Progress) ([]lock.Environment, hcl.Diagnostics) {
	facts := newFacts(p, f, w)
	var wanted []lock.Environment
	var diags hcl.Diagnostics
	for _, s := range p.Environments() {
		v, err := facts.settled(s.Venv)
		if err != nil {
			diags = append(diags, diagnostic(s.Range, "Unsuitable requirements", fmt.Sprintf("%s: %s.", s.Address, err)))
			continue
		}
		wanted = append(wanted, lock.Environment{
			Address: s.Address.String(), Asked: v.Asked(), Range: s.Range,
			Request: func(ctx context.Context) (python.Request, error) {
				if err := facts.read(ctx, v); err != nil {
					return python.Request{}, err
				}
				return stages.Resolving(s, v, environ), nil
			},
			Pin: facts.condaPin(s, v, environ, progress),
		})
	}
	return wanted, diags
}

// settled is an environment whose requirements are known, by digest at least.
func (f *facts) settled(v *stages.Venv) (*stages.Venv, error) {
	if v.Source == nil {
		return v, nil
	}
	clone, err := stages.ParseAddress(v.Source.Stage)
	if err != nil {
		return nil, err
	}
	known := *v
	known.Requirements, err = f.Requirements(clone, v.Requirements.Path)
	return &known, err
}

// read sees to it that the requirements are at hand, and fetches the commit that
// they are in if it is not. The error may be hcl.Diagnostics, of what in the block does
// not fit them.
func (f *facts) read(ctx context.Context, v *stages.Venv) error {
	if v.Requirements == nil {
		return nil
	}
	if v.Requirements.Files == nil {
		bare, commit, err := f.fetch(ctx, v.Source.Stage)
		if err != nil {
			return err
		}
		if v.Requirements, err = readRequirements(bare, commit, v.Requirements.Path, v.Requirements.Digest); err != nil {
			return err
		}
	}
	if diags := v.Misfits(); diags.HasErrors() {
		return diags
	}
	return nil
}
