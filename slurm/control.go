package slurm

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Cancel is one scancel for all ids. Jobs that have ended, or that the
// controller has forgotten, are no error.
func (c *Client) Cancel(ctx context.Context, ids ...string) error {
	return c.control(ctx, "cancelling", ids, "scancel", ids...)
}

// Release is one scontrol release for all ids. Each is released by itself:
// ids that are unknown, or whose job has ended, keep no other from it and are
// no error. It may be repeated.
func (c *Client) Release(ctx context.Context, ids ...string) error {
	return c.control(ctx, "releasing", ids, "scontrol", "release", strings.Join(ids, ","))
}

// control runs a command that acts on jobs.
func (c *Client) control(ctx context.Context, doing string, ids []string, name string, args ...string) error {
	if len(ids) == 0 {
		return nil
	}
	for _, id := range ids {
		if !isID(id) {
			return fmt.Errorf("%s: %q is not a job's id", doing, id)
		}
	}
	_, _, err := c.run(ctx, c.environ(), name, args...)
	if err == nil || overAndDone(err) {
		return nil
	}
	return fmt.Errorf("%s %s: %w", doing, strings.Join(ids, ", "), err)
}

// overAndDone reports whether all that a command complains of are jobs that
// have ended or are forgotten. After its complaints scontrol repeats the last
// one as its own, if only as "No error".
func overAndDone(err error) bool {
	var failed *commandError
	if !errors.As(err, &failed) || len(failed.Lines) == 0 {
		return false
	}
	for _, line := range failed.Lines {
		harmless := false
		for _, words := range []string{"invalid job id", "already completing or completed", "already finished", "slurm_suspend error: no error"} {
			harmless = harmless || strings.Contains(strings.ToLower(line), words)
		}
		if !harmless {
			return false
		}
	}
	return true
}
