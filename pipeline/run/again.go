package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

// reproductions is the folder, within a run's, of the workspaces in which it was
// made again.
const reproductions = "reproduced"

// ErrNothingMade says that a run is nothing to be reproduced.
var ErrNothingMade = errors.New("only a run whose stages have all succeeded can be reproduced")

// Again plans to make all stages of a run anew, in a workspace of their own below
// the run's folder: what the run has made is compared with, and so left alone.
// Repositories, downloads, and files from beside the pipeline are those of the run's
// workspace.
func Again(ctx context.Context, r *Run, id string, environ []string) (_ *plan.Plan, _ *workspace.Workspace, err error) {
	w, err := workspace.Create(filepath.Join(r.Dir, reproductions, id))
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil { // nobody is to come back to it
			err = errors.Join(err, os.RemoveAll(w.Root))
		}
	}()
	for _, shared := range []string{r.workspace.Repos(), r.workspace.Files(), r.workspace.Data()} {
		if err := share(w, shared); err != nil {
			return nil, nil, fmt.Errorf("preparing the workspace of the reproduction: %w", err)
		}
	}
	evaluated, err := plan.ReadEvaluated(r.Dir, w.Root)
	if err != nil {
		return nil, nil, err
	}
	again, err := plan.Again(r.Submitted, evaluated, w, environ)
	return again, w, err
}

// share has a folder of the run's workspace be that of w.
func share(w *workspace.Workspace, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	relative, err := filepath.Rel(w.Root, folder)
	if err != nil {
		return err
	}
	err = os.Symlink(relative, filepath.Join(w.Root, filepath.Base(folder)))
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Reproductions opens the runs by which the run was made again, as far as they
// can be read.
func Reproductions(r *Run) []*Run {
	entries, _ := os.ReadDir(filepath.Join(r.Dir, reproductions)) // there need be none
	var all []*Run
	for _, e := range entries {
		w, err := workspace.Open(filepath.Join(r.Dir, reproductions, e.Name()))
		if err != nil {
			continue
		}
		runs, _ := List(w)
		all = append(all, runs...)
	}
	return all
}
