package slurm

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Submit runs sbatch once. What it says of a refusal is in the error, in
// Slurm's own words.
//
// sbatch gets a scrubbed environment, which is what the job then sees
// (--export=ALL): a batch shell without the submitter's leavings, and secrets
// that stand in no script.
func (c *Client) Submit(ctx context.Context, s Submission) (string, error) {
	args := []string{"--parsable", "--export=ALL"}
	if len(s.After) > 0 {
		args = append(args, "--dependency=afterok:"+strings.Join(s.After, ":"))
		if s.Orphan {
			args = append(args, "--kill-on-invalid-dep=no")
		} else {
			args = append(args, "--kill-on-invalid-dep=yes")
		}
	}
	if s.Hold {
		args = append(args, "--hold")
	}
	out, _, err := c.run(ctx, c.jobEnviron(s.Env), "sbatch", append(args, s.Path)...)
	if id, ok := parsable(out); ok {
		return id, nil // whatever it warned of: there is a job
	}
	switch {
	case err == nil:
		return "", fmt.Errorf("%w: sbatch printed %q, which is no job's id", ErrAmbiguous, out)
	case errors.Is(err, ErrAmbiguous):
		return "", fmt.Errorf("submitting %s: %w", s.Job.Name, err)
	case interrupted(err):
		return "", fmt.Errorf("submitting %s: %w: %w", s.Job.Name, ErrAmbiguous, err)
	}
	return "", fmt.Errorf("submitting %s: %w", s.Job.Name, err)
}

// interrupted reports whether the command was ended from outside before it
// could say how its request went.
func interrupted(err error) bool {
	var failed *commandError
	if !errors.As(err, &failed) {
		return false
	}
	var exit *exec.ExitError
	return !errors.As(failed.Cause, &exit) || !exit.Exited()
}

// parsable reads what sbatch --parsable prints: "<id>" or "<id>;<cluster>".
func parsable(out string) (id string, ok bool) {
	id, _, _ = strings.Cut(strings.TrimSpace(out), ";")
	return id, id != "" && strings.Trim(id, "0123456789") == ""
}

// Test asks Slurm whether it could ever run the script at path. An error
// carries Slurm's reason; else the verdict is its own sentence, with an estimate
// of the start that is better not believed. It uses up a job id. A time limit
// over the partition's is accepted all the same.
func (c *Client) Test(ctx context.Context, path string) (verdict string, err error) {
	_, said, err := c.run(ctx, c.jobEnviron(nil), "sbatch", "--test-only", path)
	if err != nil {
		return "", fmt.Errorf("testing the submission of %s: %w", path, err)
	}
	return strings.Join(said, "; "), nil
}

// jobEnviron is the environment of sbatch and so of the job: who and where the
// user is, where Slurm is, and what the submission hands over.
func (c *Client) jobEnviron(handed []string) []string {
	var env []string
	for _, pair := range c.base() {
		switch name, _, _ := strings.Cut(pair, "="); name {
		case "HOME", "USER", "LOGNAME", "LANG", "SLURM_CONF":
			env = append(env, pair)
		}
	}
	return append(append(env, "PATH="+c.jobPath()), handed...)
}

// systemPath is where a job finds commands unless modules say otherwise.
const systemPath = "/usr/local/bin:/usr/bin:/bin"

// jobPath puts the folder of Slurm's commands first, unless it is one of the
// system's: an srun of another Slurm cannot start a step.
func (c *Client) jobPath() string {
	path, err := c.command("sbatch")
	if err != nil {
		return systemPath
	}
	bin := filepath.Dir(path)
	for dir := range strings.SplitSeq(systemPath, ":") {
		if _, err := exec.LookPath(filepath.Join(dir, "srun")); err != nil {
			continue
		}
		if dir == bin {
			return systemPath
		}
		break
	}
	return bin + ":" + systemPath
}
