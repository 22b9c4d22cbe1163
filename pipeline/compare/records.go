package compare

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

// recordOf is what is written of a stage in a run: by its last attempt, or of the
// stage that it reused. It is nil where nothing is.
func recordOf(r *run.Run, s plan.SubmittedStage) (*record.Record, error) {
	if s.Reused != nil {
		return s.Reused, nil
	}
	var last *record.Record
	for n := 1; ; n++ {
		rec, err := record.Read(workspace.Attempt(r.StageDir(s.Address), n))
		if errors.Is(err, fs.ErrNotExist) {
			return last, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the record of %s: %w", s.Address, err)
		}
		last = rec
	}
}

// made reports whether the stage's outputs came into the store: they do before
// the checks are judged.
func made(rec *record.Record) bool {
	return rec != nil && (rec.State == record.Succeeded || rec.State == record.Failed && !rec.ChecksHeld())
}
