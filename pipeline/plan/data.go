package plan

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
)

// Data is what a pipeline asks to have pinned: its data that does not say its
// digest. To read it means to download what is needed to know its digest, or to read
// it where it is. environ is the submitter's environment, which may hold a token.
func Data(p *pipeline.Pipeline, w *workspace.Workspace, environ []string, progress func(label string) git.Progress) []lock.Data {
	s := source{w, digests(w), p.Dir, environ, progress}
	var wanted []lock.Data
	for _, d := range p.Data() {
		if d.SHA256 == "" {
			wanted = append(wanted, lock.Data{
				Address: d.Address.String(), Asked: d.Asked(), Family: d.Family(), Revision: d.Revision(), Range: d.Range, From: d.From, At: d.At, Chosen: d.Chosen,
				Read: func(ctx context.Context, commit string) (lock.DataPin, error) { return s.pin(ctx, d, commit) },
			})
		}
	}
	return wanted
}

// fetchData sees to it that the data of the stages that run is on this machine and
// what was pinned, so that no job needs a network.
func (p *Plan) fetchData(ctx context.Context, environ []string, progress func(label string) git.Progress) hcl.Diagnostics {
	s := source{p.workspace, digests(p.workspace), filepath.Dir(p.File), environ, progress}
	asked := map[string]pipeline.Data{}
	for _, d := range p.data {
		asked[d.Address.String()] = d
	}
	var diags hcl.Diagnostics
	for _, stage := range p.Stages {
		if stage.Data == nil || stage.Action != Run {
			continue
		}
		d, ok := asked[stage.Address.String()]
		if !ok { // the plan was made from a run's record, which holds no credentials
			d = pipeline.Data{Address: stage.Address, DataRequest: stages.DataRequest{
				URL: stage.Data.URL, Path: stage.Data.Path, Hub: stage.Data.Hub, LFS: stage.Data.LFS,
			}}
		}
		if err := s.fetch(ctx, d, stage.Data); err != nil {
			diags = append(diags, dataDiagnostic(d, err))
		}
	}
	return diags
}

func dataDiagnostic(d pipeline.Data, err error) *hcl.Diagnostic {
	var fault *download.Fault
	var fromGit *git.Fault
	switch {
	case errors.As(err, &fault):
		return diagnostic(d.Range, fault.Summary, d.Address.String()+": "+fault.Detail)
	case errors.As(err, &fromGit):
		return diagnostic(d.Range, fromGit.Summary, d.Address.String()+": "+fromGit.Detail)
	}
	return diagnostic(d.Range, "Cannot be fetched", d.Address.String()+": "+git.Redact(err.Error())+".")
}
