package plan

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/conda"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

// fetchPackages brings the packages of environments with prefetch into the
// workspace.
func (p *Plan) fetchPackages(ctx context.Context, progress func(label string) git.Progress) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, s := range p.Stages {
		if s.Action != Run || s.Venv == nil || !s.Venv.Prefetch || s.Venv.Lock == nil {
			continue
		}
		report, end := packageProgress(progress, "the packages of "+s.Address.String())
		var err error
		if s.Venv.Conda {
			cache := conda.Cache{Folder: p.workspace.Packages(), Environ: os.Environ(), Progress: report}
			err = cache.Fetch(ctx, conda.Locked(s.Venv.Lock))
		} else {
			_, err = python.Fetch(ctx, s.Venv.Lock, stages.PackageSources(s.Stage, os.Environ()), p.workspace.Packages(), report)
		}
		end()
		if err != nil {
			diags = append(diags, diagnostic(s.Range, "Packages cannot be fetched", fmt.Sprintf("%s: %s.", s.Address, git.Redact(err.Error()))))
		}
	}
	return diags
}

// packageProgress shows the fetch of files as that of a repository is shown. end
// takes the bar away, if there was one.
func packageProgress(progress func(label string) git.Progress, label string) (report python.FetchProgress, end func()) {
	if progress == nil {
		return nil, func() {}
	}
	bar := progress(label)
	begun := false
	report = func(done, total int64) {
		begun = true
		bar(git.Receiving, done, total)
	}
	return report, func() {
		if begun {
			bar("", 0, 0)
		}
	}
}
