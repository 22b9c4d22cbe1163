package compare

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/pipeline/seal"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// Soundness is what became of a stage's results.
type Soundness string

// The states of a stage's results. Only Whole and Unfinished hold.
const (
	Whole      Soundness = "whole"
	Damaged    Soundness = "damaged"  // something is not as the record has it
	Absent     Soundness = "absent"   // the store has nothing of the stage any more
	Replaced   Soundness = "replaced" // another run has made it again, and it came out otherwise
	Unfinished Soundness = "unfinished"
)

// Verified is what was found of one stage.
type Verified struct {
	Address     string            `json:"address"`
	Key         string            `json:"key"`
	State       Soundness         `json:"state"`
	By          string            `json:"by,omitempty"` // the run that has replaced it
	Files       int               `json:"files"`        // that were read
	Bytes       int64             `json:"bytes"`
	Differences []seal.Difference `json:"differences"`
}

// Holds reports whether nothing of the stage's results has changed.
func (v Verified) Holds() bool { return v.State == Whole || v.State == Unfinished }

// Verify reads every byte that the run's stages have made again, or those of the
// stage at address, and compares it with what the run recorded.
func Verify(ctx context.Context, r *run.Run, address string) ([]Verified, error) {
	var all []Verified
	for _, s := range r.Stages {
		if address != "" && s.Address != address {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v, err := verifyStage(r, s)
		if err != nil {
			return nil, fmt.Errorf("verifying %s: %w", s.Address, err)
		}
		all = append(all, v)
	}
	return all, nil
}

func verifyStage(r *run.Run, s plan.SubmittedStage) (Verified, error) {
	v := Verified{Address: s.Address, Key: s.Key, State: Unfinished, Differences: []seal.Difference{}}
	rec, err := recordOf(r, s)
	if err != nil || !made(rec) {
		return v, err
	}
	folder := r.Workspace().Finished(s.Key)
	stored, err := record.Read(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.State = Absent
		return v, nil
	case err != nil:
		v.State, v.Differences = Damaged, append(v.Differences, seal.Difference{Output: record.File, What: seal.Unreadable})
		return v, nil
	case !sameResult(stored, rec) && sameJob(stored, rec): // which wrote both
		v.State, v.Differences = Damaged, append(v.Differences, seal.Difference{Output: record.File, What: seal.Changed})
		return v, nil
	case !sameResult(stored, rec):
		v.State, v.By = Replaced, stored.Run
		return v, nil
	}
	found, err := seal.Check(folder, rec, seal.Full)
	if err != nil {
		return v, err
	}
	if found, err = verifyFiles(r.Workspace(), rec, found); err != nil {
		return v, err
	}
	for _, o := range rec.Outputs {
		v.Files, v.Bytes = v.Files+o.Files, v.Bytes+o.Size
	}
	v.State, v.Differences = Whole, append(v.Differences, found...)
	if len(found) > 0 {
		v.State = Damaged
	}
	return v, nil
}

// sameResult reports whether two records speak of the same outputs and numbers.
func sameResult(a, b *record.Record) bool {
	return slices.Equal(a.Outputs, b.Outputs) && maps.Equal(a.Metrics, b.Metrics) && reflect.DeepEqual(a.Results, b.Results)
}

// sameJob reports whether one start of a job has written both records.
func sameJob(a, b *record.Record) bool {
	return a.Run == b.Run && a.Attempt == b.Attempt && a.Restarts == b.Restarts
}

// verifyFiles looks at the files from beside the pipeline that the stage used.
func verifyFiles(w *workspace.Workspace, rec *record.Record, found []seal.Difference) ([]seal.Difference, error) {
	for _, in := range rec.Inputs {
		if in.File == "" || len(in.Digest) <= len("sha256:") {
			continue
		}
		content, err := stages.ContentOf(filepath.Join(w.Files(), in.Digest[len("sha256:"):]))
		switch {
		case errors.Is(err, os.ErrNotExist):
			found = append(found, seal.Difference{Output: "files", Path: in.File, What: seal.Missing})
		case err != nil:
			return nil, err
		case content.Digest != in.Digest:
			found = append(found, seal.Difference{Output: "files", Path: in.File, What: seal.Changed})
		}
	}
	return found, nil
}
