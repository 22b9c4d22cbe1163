package main

import (
	"context"
	"math"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/pipeline/supervise"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm/local"
)

// The verbs of this file are called by scripts and by runpipe itself, never by
// a person, and are not shown. Their exit status is the job's.

// exitWith is the error by which a hidden verb hands on the status of a job.
func exitWith(status int) error {
	if status == 0 {
		return nil
	}
	return &jobError{status}
}

// jobError is a job that did not end well; its record tells why.
type jobError struct{ status int }

func (*jobError) Error() string { return "the job failed" }

func newExec(a *app) *cobra.Command {
	var o supervise.ExecOptions
	cmd := &cobra.Command{
		Use:    "exec --sha256 HEX JOB.JSON SCRIPT",
		Short:  "Run a stage: the batch process of its job",
		Hidden: true,
		Args:   between(2, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			o.Manifest, o.Script = args[0], args[1]
			o.Environ, o.Stdout, o.Stderr = a.environ, os.Stdout, os.Stderr
			o.Now, o.Step = a.now, a.step
			o.Failed = func(w *workspace.Workspace, rec record.Record) error {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				return run.CancelDependents(ctx, w, rec, a.executorOf)
			}
			return exitWith(supervise.Exec(o))
		},
	}
	cmd.Flags().StringVar(&o.SHA256, "sha256", "", "of JOB.JSON, in `HEX`")
	return cmd
}

func newTask(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    "task -- COMMAND...",
		Short:  "Run one task of a stage with several",
		Hidden: true,
		Args:   between(1, math.MaxInt),
		RunE: func(_ *cobra.Command, args []string) error {
			return exitWith(supervise.Task(args, a.environ))
		},
	}
}

func newCheckout(a *app) *cobra.Command {
	o := supervise.CheckoutOptions{Out: a.out}
	cmd := &cobra.Command{
		Use:    "checkout --repository DIR --commit HEX --digest DIGEST [--lfs DIR] [--path PATH]... DEST",
		Short:  "Check out the pinned commit of a clone stage",
		Hidden: true,
		Args:   between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			o.Dest = args[0]
			return supervise.Checkout(ctx, o)
		},
	}
	cmd.Flags().StringVar(&o.Repository, "repository", "", "bare repository in `DIR`")
	cmd.Flags().StringVar(&o.Commit, "commit", "", "the commit, 40 `HEX` digits")
	cmd.Flags().StringVar(&o.Digest, "digest", "", "of what is checked out")
	cmd.Flags().StringVar(&o.LFS, "lfs", "", "take what Git LFS keeps from `DIR`; without it, pointers are left")
	cmd.Flags().StringArrayVar(&o.Paths, "path", nil, "only this `PATH`; may be given again")
	return cmd
}

func newData(a *app) *cobra.Command {
	o := supervise.DataOptions{Out: a.out}
	cmd := &cobra.Command{
		Use:    "data --sha256 HEX [--extract] [--link] [--list FILE] FROM DEST",
		Short:  "Put the data of a data stage in place",
		Hidden: true,
		Args:   between(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			o.From, o.Dest = args[0], args[1]
			return supervise.Data(ctx, o)
		},
	}
	cmd.Flags().StringVar(&o.SHA256, "sha256", "", "of FROM, or of the list, 64 `HEX` digits")
	cmd.Flags().StringVar(&o.List, "list", "", "put the files that `FILE` lists, from the folder FROM, into the folder DEST")
	cmd.Flags().BoolVar(&o.Extract, "extract", false, "unpack the archive into the folder DEST")
	cmd.Flags().BoolVar(&o.Link, "link", false, "link DEST to FROM: nothing else writes to it")
	return cmd
}

func newSchedule(*app) *cobra.Command {
	return &cobra.Command{
		Use:    "schedule DIR",
		Short:  "Run the jobs of a local run",
		Hidden: true,
		Args:   between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return local.Serve(cmd.Context(), args[0])
		},
	}
}
