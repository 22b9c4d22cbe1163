package supervise

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/runpipe/runpipe/slurm"
)

// An srun that asks for its step while the controller starts again may wait for it
// for ever (slurm.Client.StepPending). stuckStep watches over the script of a stage
// that srun launches, and ends an srun that waits so, once: the next one is given a
// step. stop ends the watching and reports whether that was done.
//
// As long as all is well it costs Slurm nothing: a step that runs is seen on this
// node, by its slurmstepd. Where a site hides the processes of others from its
// users, nothing is seen and nothing done.
func (j *job) stuckStep(ctx context.Context) (stop func() bool) {
	if j.freed || j.manifest.Executor != "slurm" || j.manifest.Launcher != "srun" {
		return func() bool { return false }
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan bool, 1)
	go func() { done <- j.freeStuckStep(ctx) }()
	return func() bool {
		cancel()
		freed := <-done
		j.freed = j.freed || freed
		return freed
	}
}

func (j *job) freeStuckStep(ctx context.Context) bool {
	// What comes before srun, such as modules, may take a while itself.
	for pause := j.options.Timing.Step; ; pause *= 2 {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
		batch, step := stepsHere(j.id)
		if step || !batch {
			return false
		}
		if j.begun() {
			return false
		}
		pending, err := slurm.NewClient("").StepPending(ctx, j.id)
		if err == nil && pending && endSrun() {
			return true
		}
	}
}

// stepsHere reports whether this node shows the slurmstepd of the job's batch step,
// and that of any step which srun has started.
func stepsHere(id string) (batch, step bool) {
	for _, p := range processTable() {
		if p.name != "slurmstepd" {
			continue
		}
		title, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "cmdline"))
		number, ours := strings.CutPrefix(strings.TrimRight(string(title), "\x00 "), "slurmstepd: ["+id+".")
		switch {
		case !ours:
		case number == "batch]":
			batch = true
		case number != "extern]":
			step = true
		}
	}
	return batch, step
}

// endSrun ends the srun that this job's script is, and reports whether there is one.
func endSrun() bool {
	found := false
	for _, p := range descendants(os.Getpid()) {
		if p.name == "srun" {
			found = unix.Kill(p.pid, unix.SIGTERM) == nil || found
		}
	}
	return found
}
