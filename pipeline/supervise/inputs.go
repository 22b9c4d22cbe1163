package supervise

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/seal"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/stages"
)

// modulesVariable names the file into which the script writes LOADEDMODULES once
// its modules are loaded: only the script's own shell knows.
const modulesVariable = "RUNPIPE_MODULES"

func (j *job) modulesFile() string { return filepath.Join(j.folder, "modules") }

// loadedModules is what the script left of LOADEDMODULES, nil if it loads none.
func (j *job) loadedModules() []string {
	data, err := os.ReadFile(j.modulesFile())
	if err != nil || !j.manifest.Modules || len(data) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(data)), ":")
}

// recordInputs takes down what an upstream has made.
func (j *job) recordInputs(up stages.Upstream, outputs []record.Output) {
	j.recorder.change(func(r *record.Record) {
		for _, o := range outputs {
			r.Inputs = append(r.Inputs, record.Input{Stage: up.Address, Key: up.Key, Output: o.Name, Digest: o.Digest, Size: o.Size})
		}
	})
}

// recordFile takes down a file from beside the pipeline.
func (j *job) recordFile(file stages.StageFile) {
	if file.Stage != "" {
		return // an output, which is an upstream's
	}
	j.recorder.change(func(r *record.Record) {
		r.Inputs = append(r.Inputs, record.Input{File: file.To, Digest: file.Digest})
	})
}

// checkInput sees to it that what an upstream has made is still what its record
// says: the checkout, the environment, an output.
func (j *job) checkInput(ctx context.Context, up stages.Upstream, made *record.Record) error {
	folder := j.workspace.Finished(up.Key)
	differences, err := abandonable(ctx, func() ([]seal.Difference, error) { return seal.Check(folder, made, seal.Quick) })
	if err != nil {
		return fmt.Errorf("looking at what %s has made: %w", up.Address, err)
	}
	if len(differences) == 0 {
		return nil
	}
	return drift("%s is not what it was when it was made, in %s: %s. To have it made again: runpipe apply --rerun %s FILE",
		up.Address, folder, seal.Summary(differences), slurm.Quote(up.Address))
}
