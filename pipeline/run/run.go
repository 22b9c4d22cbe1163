package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// Run is one submitted plan.
type Run struct {
	*plan.Submitted
	Dir string // the run's folder, absolute

	workspace *workspace.Workspace
	letGoHere bool // by this process
}

// LocalDir is where the local executor keeps what it knows of the run.
func (r *Run) LocalDir() string { return LocalDir(r.Dir) }

// LocalDir is LocalDir of the run in the folder dir.
func LocalDir(dir string) string { return filepath.Join(dir, "local") }

// StageDir is the folder of one of the run's stages.
func (r *Run) StageDir(address string) string {
	a, err := stages.ParseAddress(address)
	if err != nil {
		return filepath.Join(r.Dir, "stages", "unknown") // run.json was written from parsed addresses
	}
	return r.workspace.Stage(r.Run, a)
}

// Workspace is the workspace that holds the run.
func (r *Run) Workspace() *workspace.Workspace { return r.workspace }

// Stage finds one of the run's stages.
func (r *Run) Stage(address string) (plan.SubmittedStage, bool) {
	for _, s := range r.Stages {
		if s.Address == address {
			return s, true
		}
	}
	return plan.SubmittedStage{}, false
}

// ErrNoRuns says that the workspace holds no run.
var ErrNoRuns = errors.New("there are no runs here yet: start one with runpipe apply FILE")

// ids lists the ids of all runs, oldest first.
func ids(w *workspace.Workspace) ([]string, error) {
	entries, err := os.ReadDir(w.Runs())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing the runs: %w", err)
	}
	var found []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue // on its way out
		}
		// A folder without run.json was left by a submitter that died before it submitted anything.
		if _, err := os.Stat(filepath.Join(w.Runs(), e.Name(), plan.SubmittedFile)); err == nil {
			found = append(found, e.Name())
		}
	}
	sort.Strings(found)
	return found, nil
}

// Open opens a run by its id, by a part of it that no other run's id has, by
// the name it was given, or, if id is "", the newest.
func Open(w *workspace.Workspace, id string) (*Run, error) {
	all, err := ids(w)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 && id != "" {
		return nil, fmt.Errorf("there is no run %q, nor any other in %s: is that the right workspace, and its file system mounted?", id, w.Root)
	}
	if len(all) == 0 {
		return nil, ErrNoRuns
	}
	if id == "" {
		return open(w, all[len(all)-1])
	}
	var matches []string
	for _, one := range all {
		if one == id {
			return open(w, one)
		}
		if strings.HasPrefix(one, id) || strings.HasSuffix(one, id) {
			matches = append(matches, one)
		}
	}
	switch len(matches) {
	case 1:
		return open(w, matches[0])
	case 0:
		return openNamed(w, all, id)
	}
	return nil, fmt.Errorf("%q could be %s: give more of the id", id, strings.Join(matches, " or "))
}

// openNamed opens the newest run with the name.
func openNamed(w *workspace.Workspace, all []string, name string) (*Run, error) {
	for i := len(all) - 1; i >= 0; i-- {
		r, err := open(w, all[i])
		if err == nil && r.Name == name {
			return r, nil
		}
	}
	return nil, fmt.Errorf("there is no run %q: runpipe runs lists them", name)
}

func open(w *workspace.Workspace, id string) (*Run, error) {
	var s plan.Submitted
	if err := workspace.ReadJSON(filepath.Join(w.Run(id), plan.SubmittedFile), &s, plan.SubmittedVersion); err != nil {
		return nil, fmt.Errorf("opening run %s: %w", id, err)
	}
	return &Run{Submitted: &s, Dir: w.Run(id), workspace: w}, nil
}

// List opens all runs, oldest first. Runs that cannot be read are told in the
// error; the others are listed all the same.
func List(w *workspace.Workspace) ([]*Run, error) {
	all, err := ids(w)
	if err != nil {
		return nil, err
	}
	var runs []*Run
	var faults []error
	for _, id := range all {
		r, err := open(w, id)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		runs = append(runs, r)
	}
	return runs, errors.Join(faults...)
}
