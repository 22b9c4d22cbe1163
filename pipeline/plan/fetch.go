package plan

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
)

// Fetch brings the pinned commits and the data that the plan's jobs need into the
// workspace, what Git LFS keeps of them, and the packages of environments that are to be installed without a
// network. What is there already costs no network. environ is the submitter's
// environment, which may hold a token. progress makes a bar for a repository, data or
// an environment, and may be nil.
func (p *Plan) Fetch(ctx context.Context, environ []string, progress func(label string) git.Progress) hcl.Diagnostics {
	diags := p.fetchClones(ctx, progress)
	if diags.HasErrors() {
		return diags
	}
	diags = append(diags, p.fetchData(ctx, environ, progress)...)
	return append(diags, p.fetchPackages(ctx, progress)...)
}

func (p *Plan) fetchClones(ctx context.Context, progress func(label string) git.Progress) hcl.Diagnostics {
	clones, readers := p.users()
	var diags hcl.Diagnostics
	for _, w := range p.wanted {
		clone := clones[w.Address]
		if clone == nil || (clone.Action == Reuse && len(readers[w.Address]) == 0) {
			continue
		}
		commit := clone.Clone.Pin.Commit
		bare, err := p.fetch(ctx, w, commit, progress)
		for _, s := range readers[w.Address] {
			if err == nil {
				s.Venv.Requirements, err = readRequirements(bare, commit, s.Venv.Requirements.Path, s.Venv.Requirements.Digest)
			}
			if err == nil {
				diags = append(diags, s.Venv.Misfits()...)
			}
		}
		if err == nil && clone.Action == Run && !clone.Clone.Pointers {
			err = p.fetchLarge(ctx, w, bare, commit, progress)
		}
		if err != nil {
			diags = append(diags, fetchDiagnostic(w, err))
		}
	}
	return diags
}

// users finds the clone stages by address, and by the same address the
// environments that are to be built from a requirements file of the clone that
// was not at hand when the plan was made.
func (p *Plan) users() (clones map[string]*Stage, readers map[string][]*Stage) {
	clones, readers = map[string]*Stage{}, map[string][]*Stage{}
	for _, s := range p.Stages {
		if s.Clone != nil {
			clones[s.Address.String()] = s
		}
		if s.Action == Run && s.Venv != nil && s.Venv.Source != nil && s.Venv.Requirements != nil && s.Venv.Requirements.Files == nil {
			readers[s.Venv.Source.Stage] = append(readers[s.Venv.Source.Stage], s)
		}
	}
	return clones, readers
}

func (p *Plan) fetch(ctx context.Context, w lock.Wanted, commit string, progress func(string) git.Progress) (string, error) {
	remote, err := git.ParseRemote(w.Repository, filepath.Dir(p.File))
	if err != nil {
		return "", err
	}
	o := git.FetchOptions{Paths: w.Paths}
	if progress != nil {
		o.Progress = progress(remote.String())
	}
	// It costs no network where all is there, submodules too, of which another
	// pipeline may have needed fewer.
	return git.Fetch(ctx, p.workspace.Repos(), remote, commit, o)
}

func fetchDiagnostic(w lock.Wanted, err error) *hcl.Diagnostic {
	var fault *git.Fault
	if errors.As(err, &fault) {
		return diagnostic(w.Range, fault.Summary, fault.Detail)
	}
	var large *download.Fault
	if errors.As(err, &large) {
		return diagnostic(w.Range, large.Summary, w.Address+": "+large.Detail)
	}
	return diagnostic(w.Range, "Cannot be fetched", w.Address+": "+err.Error())
}
