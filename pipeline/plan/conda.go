package plan

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/conda"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

// condaClients are the programs that install an explicit list, best first, with the
// variable by which each is known in a shell where it is only a function.
var condaClients = []struct{ name, variable string }{{"micromamba", "MAMBA_EXE"}, {"mamba", ""}, {"conda", "CONDA_EXE"}}

// condaTools looks for a client where the pipeline is submitted. That of a module is
// found in the job, and goes before.
func condaTools(s *stages.Stage, getenv func(string) string) (stages.Tools, error) {
	for _, client := range condaClients {
		for _, name := range []string{client.name, getenv(client.variable)} {
			if path, err := exec.LookPath(name); err == nil {
				if path, err = filepath.Abs(path); err == nil {
					return stages.Tools{Conda: path}, nil
				}
			}
		}
	}
	if len(s.Modules) > 0 {
		return stages.Tools{}, nil
	}
	return stages.Tools{}, fmt.Errorf("%s: micromamba, mamba or conda is wanted, and none is on this machine's PATH. Install micromamba, which is one file, or load one by modules = […]", s.Address)
}

// missingTool is the summary of what is wrong without a tool.
func missingTool(s *stages.Stage) string {
	if s.Venv.Conda {
		return "No conda client"
	}
	return "No interpreter"
}

// condaPin locks an environment that names its packages in an explicit list; nil for
// every other.
func (f *facts) condaPin(s *stages.Stage, v *stages.Venv, environ []string, progress func(label string) git.Progress) func(context.Context) (*python.Lock, error) {
	if !v.Conda {
		return nil
	}
	return func(ctx context.Context) (*python.Lock, error) {
		if err := f.read(ctx, v); err != nil {
			return nil, err
		}
		list, err := v.CondaList()
		if err != nil {
			return nil, err
		}
		if _, err := workspace.Create(f.workspace.Root); err != nil { // for what has to be downloaded
			return nil, err
		}
		report, end := packageProgress(progress, "the packages of "+s.Address.String())
		defer end()
		cache := conda.Cache{Folder: f.workspace.Packages(), Environ: environ, Progress: report}
		return cache.Pin(ctx, list, v.Asked().Platform)
	}
}
