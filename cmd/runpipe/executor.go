package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/slurm/local"
	"github.com/runpipe/runpipe/stages"
)

// The choices of --executor.
const (
	executorAuto  = "auto"
	executorSlurm = "slurm"
	executorLocal = "local"
)

var executors = []string{executorAuto, executorSlurm, executorLocal}

// executorFlag adds --executor.
func (a *app) executorFlag(cmd *cobra.Command, choice *string) {
	*choice = a.getenv("RUNPIPE_EXECUTOR")
	if *choice == "" {
		*choice = executorAuto
	}
	cmd.Flags().StringVar(choice, "executor", *choice, "`WHERE` stages run: auto (Slurm where it is set up), slurm or local; also RUNPIPE_EXECUTOR")
	_ = cmd.RegisterFlagCompletionFunc("executor", cobra.FixedCompletions(executors, cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that does not exist
}

// chooseExecutor turns --executor into the name of an executor that is there,
// and says which one auto has come to.
func (a *app) chooseExecutor(ctx context.Context, cmd *cobra.Command, choice string) (string, error) {
	switch choice {
	case executorLocal:
		return executorLocal, nil
	case executorSlurm:
		if _, err := slurm.Find(ctx); err != nil {
			return "", noSlurm(err)
		}
		return executorSlurm, nil
	case executorAuto:
		return a.findExecutor(ctx)
	}
	return "", usage(cmd, "There is no executor %q; the choices are auto, slurm and local.%s", choice, stages.DidYouMean(choice, executors))
}

func (a *app) findExecutor(ctx context.Context) (string, error) {
	_, err := slurm.Find(ctx)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err == nil:
		a.err.Say("Executor: Slurm.")
		return executorSlurm, nil
	case errors.Is(err, slurm.ErrAbsent):
		why, _ := strings.CutPrefix(err.Error(), slurm.ErrAbsent.Error()+": ")
		a.err.Say(fmt.Sprintf("Executor: local, this machine (no Slurm: %s).", why))
		return executorLocal, nil
	}
	// This is a cluster's login node, which is not the place to train on unasked.
	return "", noSlurm(err)
}

func noSlurm(err error) error {
	return fmt.Errorf("looking for Slurm: %w. With --executor local the stages run on this machine", err)
}

// executorIn is what runs the jobs of the run in the folder dir; program is the
// runpipe that serves a local one.
func (a *app) executorIn(name, dir, program string) (slurm.Executor, error) {
	switch name {
	case executorSlurm:
		client := slurm.NewClient("")
		client.Notice = func(line string) {
			a.notice("Slurm: " + run.Explain(line) + ". It is asked again for two minutes; Ctrl-C ends that.")
		}
		return client, nil
	case executorLocal:
		folder := run.LocalDir(dir)
		return local.New(folder, local.Options{Serve: []string{program, "schedule", folder}}), nil
	}
	return nil, fmt.Errorf("the run was made by the executor %q, which this runpipe does not know", name)
}

// executorToResume is executorOf for who may have to start the scheduler of a
// local run: the workspace's copy of runpipe serves it, as it does from the start.
func (a *app) executorToResume(r *run.Run) (slurm.Executor, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	binary, err := run.InstallBinary(r.Workspace(), self)
	if err != nil {
		return nil, err
	}
	return a.executorIn(r.Executor, r.Dir, binary)
}

// executorOf is what runs the jobs of a run.
func (a *app) executorOf(r *run.Run) (slurm.Executor, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	return a.executorIn(r.Executor, r.Dir, self)
}
