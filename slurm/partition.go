package slurm

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Partitions is the time limit of each partition by name, 0 where there is none.
type Partitions struct {
	Limits  map[string]time.Duration
	Default string // the partition of jobs that name none; "" if there is no such
}

// Partitions asks sinfo(1) for the partitions. Where the site does not enforce
// their limits at submission (EnforcePartLimits=NO, which is what Slurm is shipped
// with) a job above all of them is accepted, passes --test-only, and never starts.
func (c *Client) Partitions(ctx context.Context) (Partitions, error) {
	out, _, err := c.run(ctx, c.environ(), "sinfo", "--noheader", "--all", "--format=%P|%l")
	if err != nil {
		return Partitions{}, fmt.Errorf("listing the partitions: %w", err)
	}
	p := Partitions{Limits: map[string]time.Duration{}}
	for line := range strings.Lines(out) {
		name, limit, _ := strings.Cut(strings.TrimSpace(line), "|")
		name, preset := strings.CutSuffix(name, "*")
		if preset {
			p.Default = name
		}
		p.Limits[name] = parseLimit(limit)
	}
	return p, nil
}

// Limit is the longest that a job may run in any of the partitions, which are
// written as sbatch --partition takes them; 0 if that is not known, or for ever.
func (p Partitions) Limit(partitions string) time.Duration {
	if partitions == "" {
		partitions = p.Default
	}
	var longest time.Duration
	for name := range strings.SplitSeq(partitions, ",") {
		limit := p.Limits[name]
		if limit == 0 {
			return 0
		}
		longest = max(longest, limit)
	}
	return longest
}

// parseLimit reads [[days-]hours:]minutes:seconds. All else, such as "infinite", is 0.
func parseLimit(text string) time.Duration {
	var total, day time.Duration
	if days, clock, found := strings.Cut(text, "-"); found {
		n, err := strconv.Atoi(days)
		if err != nil {
			return 0
		}
		day, text = time.Duration(n)*24*time.Hour, clock
	}
	for part := range strings.SplitSeq(text, ":") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return 0
		}
		total = total*60 + time.Duration(n)
	}
	return day + total*time.Second
}
