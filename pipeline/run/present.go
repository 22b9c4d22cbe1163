package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages/download"
)

// present sees to it that what the run reuses, or has fetched, is still there, now that run.json
// says that it is needed: a gc that began before then looks for new runs once it
// has put things out of sight, so that one of the two always sees the other.
func present(w *workspace.Workspace, run *plan.Submitted, compiled []*plan.Compiled) error {
	for _, s := range run.Stages {
		if s.Action != plan.Reuse {
			for _, sum := range s.Downloads {
				if err := there(download.Path(w.Data(), sum)); err != nil {
					return fmt.Errorf("what was fetched for %s: %w", s.Address, err)
				}
			}
			continue
		}
		if err := there(filepath.Join(w.Finished(s.Key), record.File)); err != nil {
			return fmt.Errorf("what %s has made: %w", s.Address, err)
		}
	}
	for _, c := range compiled {
		for _, f := range c.Manifest.Files {
			if f.Stage != "" {
				continue
			}
			if err := there(f.From); err != nil {
				return fmt.Errorf("file %s of %s: %w", f.To, c.Address, err)
			}
		}
	}
	return nil
}

func there(path string) error {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("it was freed by runpipe gc a moment ago: apply again")
	}
	return err
}
