package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/slurm"
)

// verdicts asks Slurm about each script, and returns why it refuses those that
// it does, by address. The scripts name the folders of a run that does not
// exist; Slurm looks at no folder before a job starts.
func verdicts(ctx context.Context, compiled []*plan.Compiled) (map[string]string, error) {
	dir, err := os.MkdirTemp("", "runpipe-plan-")
	if err != nil {
		return nil, fmt.Errorf("asking Slurm about the plan: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // in the system's folder for such things
	client, refused := slurm.NewClient(""), map[string]string{}
	for _, c := range compiled {
		path := filepath.Join(dir, "job.sh")
		if err := os.WriteFile(path, c.Script, 0o600); err != nil {
			return nil, fmt.Errorf("asking Slurm about the plan: %w", err)
		}
		if _, err := client.Test(ctx, path); err != nil {
			_, said, _ := strings.Cut(err.Error(), path+": ") // where the script stood says nothing
			refused[c.Address.String()] = said
		}
	}
	return refused, ctx.Err()
}
