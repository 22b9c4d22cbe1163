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
)

// present sees to it that what the run reuses is still there, now that run.json
// says that it is needed: a gc that began before then looks for new runs once it
// has put things out of sight, so that one of the two always sees the other.
func present(w *workspace.Workspace, p *plan.Plan, compiled []*plan.Compiled) error {
	for _, s := range p.Stages {
		if s.Action != plan.Reuse {
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
