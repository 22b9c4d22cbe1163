package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
)

// useWhatIsMade ends the job where the stage was finished while it was queued: by
// another run, or by an earlier start of this job.
func (j *job) useWhatIsMade(context.Context) error {
	if !j.isMade() {
		return nil
	}
	return j.adopt()
}

// isMade reports whether the store has what this job is to make.
func (j *job) isMade() bool {
	made, err := j.finished(j.manifest.Key)
	if err != nil {
		return false // nothing there, or nothing of use
	}
	if j.manifest.Replace && !j.isOwn(made) {
		return false
	}
	for _, up := range j.manifest.Upstreams {
		now, err := j.finished(up.Key)
		if err == nil && !up.Order && made.MadeFromAnother(now) {
			return false
		}
	}
	return true
}

// isOwn reports whether a record in the store was left by this very job, which
// may have been requeued after it published.
func (j *job) isOwn(made *record.Record) bool {
	return made.Run == j.manifest.Run && made.Address == j.manifest.Address && made.Attempt == j.manifest.Attempt &&
		made.Executor == j.manifest.Executor && made.Job == j.id
}

// adopt takes what the store says of the stage into the attempt's record, and
// returns errMade.
func (j *job) adopt() error {
	made, err := j.finished(j.manifest.Key)
	if err != nil {
		return fmt.Errorf("using what another run made: %w", err)
	}
	j.made = made
	j.recorder.change(func(r *record.Record) {
		r.Inputs, r.Outputs, r.Metrics, r.Results = made.Inputs, made.Outputs, made.Metrics, made.Results
		r.Checks = nil // they were judged on what this job measured, and are to be judged on these
	})
	j.say("%s was already made by run %s", j.manifest.Address, made.Run)
	return errMade
}

// checkUpstreams looks for the record of each stage that this one rests on. The
// scheduler's word is not enough: a failed job can satisfy afterok once it has
// left the controller's memory.
func (j *job) checkUpstreams(ctx context.Context) error {
	patience := j.options.Timing.Upstream
	if j.manifest.Executor == "local" {
		patience = 0 // one machine sees its own files at once
	}
	for _, up := range j.manifest.Upstreams {
		made, err := j.await(ctx, up.Key, patience)
		if err != nil {
			return drift("%s has no usable result: %w", up.Address, err)
		}
		if up.Order {
			continue
		}
		if err := j.checkInput(ctx, up, made); err != nil {
			return err
		}
		j.recordInputs(up, made.Outputs)
	}
	return nil
}

// await looks for a finished stage until patience is at its end. On a shared
// file system a file made by another node can stay unseen for 30 s.
func (j *job) await(ctx context.Context, key string, patience time.Duration) (*record.Record, error) {
	deadline, pause := time.Now().Add(patience), 200*time.Millisecond
	for {
		made, err := j.finished(key)
		if err == nil || !time.Now().Add(pause).Before(deadline) {
			return made, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pause):
		}
		pause = min(2*pause, 5*time.Second)
	}
}

// finished reads the record of a finished stage. The folders above it are
// opened from the top down first: NFS then asks the server again, where
// otherwise it would go on to say that a name it once missed is not there.
func (j *job) finished(key string) (*record.Record, error) {
	folder := j.workspace.Finished(key)
	for _, above := range []string{j.workspace.Root, j.workspace.Store(), folder} {
		if err := look(above); err != nil {
			break // the record's own error tells more
		}
	}
	made, err := record.Read(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no record in %s", folder)
	case err != nil:
		return nil, err
	case made.State != record.Succeeded || made.Key != key:
		return nil, fmt.Errorf("the record in %s says %q of key %.12s", folder, made.State, made.Key)
	}
	return made, nil
}

// look opens a folder and reads a little of it.
func look(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Readdirnames(1); err != nil && err != io.EOF {
		return err
	}
	return nil
}
