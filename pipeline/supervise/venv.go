package supervise

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// claimEnvironment waits for its turn to build the virtual environment of this
// key, and chooses the path where it is built: one that is never used twice,
// since a venv breaks when it is moved. The command leaves a symbolic link to it
// as its output. Whoever waited in vain, because another has built it, is done.
func (j *job) claimEnvironment(ctx context.Context) error {
	if !j.manifest.Venv {
		return nil
	}
	folder, err := unused(filepath.Join(j.workspace.Environments(), j.manifest.Key[:16]+"-"+j.token()))
	if err != nil {
		return err
	}
	turn := contest{
		base:     filepath.Join(j.workspace.Environments(), "."+j.manifest.Key+".claim"),
		me:       newHolder(j.name()+" of run "+j.manifest.Run, folder),
		patience: j.options.Timing.Claim,
		made:     j.isMade,
		waiting: func(h holder) {
			j.say("waiting for job %s on %s, which builds the same environment", h.Job, h.Host)
		},
		lost: j.cancel,
	}
	if j.claim, err = turn.win(ctx); err != nil {
		return err
	}
	if j.claim == nil {
		return j.adopt()
	}
	j.venv = folder
	return nil
}

// unused is path, or path with a number after it that nothing has yet.
func unused(path string) (string, error) {
	for n, candidate := 2, path; ; n++ {
		if _, err := os.Lstat(candidate); errors.Is(err, fs.ErrNotExist) {
			return candidate, nil
		} else if err != nil {
			return "", fmt.Errorf("choosing a place for the environment: %w", err)
		}
		candidate = path + "-" + strconv.Itoa(n)
	}
}
