package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm"
)

// askedAtOnce is how many of sbatch's processes wait for the controller's answer
// at the same time.
const askedAtOnce = 8

// verdicts asks Slurm about each script, and returns why it refuses those that
// it does, by address. The scripts name the folders of a run that does not
// exist; Slurm looks at no folder before a job starts.
func verdicts(ctx context.Context, compiled []*plan.Compiled) (map[string]string, error) {
	dir, err := os.MkdirTemp("", "runpipe-plan-")
	if err != nil {
		return nil, fmt.Errorf("asking Slurm about the plan: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // in the system's folder for such things
	said, errs := make([]string, len(compiled)), make([]error, len(compiled))
	var asking sync.WaitGroup
	room := make(chan struct{}, askedAtOnce)
	for i, c := range compiled {
		asking.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			said[i], errs[i] = verdict(ctx, filepath.Join(dir, fmt.Sprintf("%d.sh", i)), c.Script)
		})
	}
	asking.Wait()
	partitions, err := slurm.NewClient("").Partitions(ctx)
	if err != nil {
		return nil, err
	}
	refused := map[string]string{}
	for i, c := range compiled {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if said[i] == "" {
			said[i] = tooLong(partitions, c.Job)
		}
		if said[i] != "" {
			refused[c.Address.String()] = said[i]
		}
	}
	return refused, ctx.Err()
}

// tooLong says that a job asks for more time than its partition gives, which Slurm
// may not tell before it lets the job wait for ever.
func tooLong(partitions slurm.Partitions, job slurm.Job) string {
	limit := partitions.Limit(job.Site.Partition)
	if limit == 0 || job.Resources.Time <= limit {
		return ""
	}
	where := job.Site.Partition
	if where == "" {
		where = partitions.Default
	}
	return fmt.Sprintf("it asks for %s, and the partition %s gives %s at most; lower resources.time, or choose another slurm.partition",
		view.Duration(job.Resources.Time), where, view.Duration(limit))
}

// verdict is why Slurm refuses a script, or "".
func verdict(ctx context.Context, path string, script []byte) (string, error) {
	if err := os.WriteFile(path, script, 0o600); err != nil {
		return "", fmt.Errorf("asking Slurm about the plan: %w", err)
	}
	if _, err := slurm.NewClient("").Test(ctx, path); err != nil {
		_, said, _ := strings.Cut(err.Error(), path+": ") // where the script stood says nothing
		return run.Explain(said), nil
	}
	return "", nil
}

// noteUnfit says which of the submitted jobs Slurm would not start as things are:
// it accepts them, and lets them wait for nodes that may never come.
func (a *app) noteUnfit(ctx context.Context, compiled []*plan.Compiled) {
	refused, err := verdicts(ctx, compiled)
	if err != nil { // they are submitted, and what becomes of them will be seen
		return
	}
	for _, address := range slices.Sorted(maps.Keys(refused)) {
		a.err.Say("Warning: " + address + " may never start: " + refused[address] + ".")
	}
}
