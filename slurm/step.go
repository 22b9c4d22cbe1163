package slurm

import (
	"context"
	"fmt"
	"strings"
)

// StepPending asks scontrol(1) whether a step of the job waits to be created while
// none of those that srun starts runs. An srun that asks for one while the
// controller starts again may wait for ever, although the next one is given a step
// at once (measured on 22.05).
func (c *Client) StepPending(ctx context.Context, job string) (bool, error) {
	if !isID(job) {
		return false, fmt.Errorf("asking for the steps of a job: %q is not a job's id", job)
	}
	out, _, err := c.run(ctx, c.environ(), "scontrol", "--oneliner", "show", "steps", job)
	if err != nil {
		return false, fmt.Errorf("asking for the steps of job %s: %w", job, err)
	}
	return stepPending(out), nil
}

func stepPending(shown string) bool {
	pending := false
	for line := range strings.Lines(shown) {
		id, _, _ := strings.Cut(strings.TrimPrefix(line, "StepId="), " ")
		_, step, _ := strings.Cut(id, ".")
		switch {
		case step == "" || step == "batch" || step == "extern" || step == "interactive":
		case strings.Contains(line, " State=PENDING "):
			pending = true
		default:
			return false
		}
	}
	return pending
}
