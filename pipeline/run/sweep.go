package run

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

// unlockedUnborn is how old a folder without run.json and without a lock must
// be before it is removed: the clocks of two login nodes may differ.
const unlockedUnborn = 24 * time.Hour

// sweepUnborn removes the folders of runs whose submitter died before they had
// a run.json. Nothing was submitted for them, and no one can find them.
func sweepUnborn(w *workspace.Workspace) {
	entries, _ := os.ReadDir(w.Runs()) // what cannot be listed is swept another time
	for _, e := range entries {
		dir := filepath.Join(w.Runs(), e.Name())
		if _, err := os.Lstat(filepath.Join(dir, plan.SubmittedFile)); !e.IsDir() || !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		holder, err := readHolder(filepath.Join(dir, lockName))
		dead := err == nil && holder.Life() == Dead
		if errors.Is(err, fs.ErrNotExist) {
			info, err := e.Info()
			dead = err == nil && time.Since(info.ModTime()) > unlockedUnborn
		}
		if dead {
			_ = os.RemoveAll(dir) // of no use to anyone: if it stays, no harm is done
		}
	}
}
