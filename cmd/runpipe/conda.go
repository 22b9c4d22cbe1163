package main

import (
	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/pipeline/supervise"
)

// These verbs are called by the script of an environment of conda's.

func newCondaPackages(a *app) *cobra.Command {
	o := supervise.CondaOptions{Out: a.out, Environ: a.environ}
	cmd := &cobra.Command{
		Use:    "conda-packages --cache DIR [--fetch] LIST DEST",
		Short:  "Lay the locked packages of a conda environment out for its client",
		Hidden: true,
		Args:   between(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			o.List = args[0]
			return supervise.CondaPackages(ctx, o, args[1])
		},
	}
	cmd.Flags().StringVar(&o.Cache, "cache", "", "fetched packages are in `DIR`")
	cmd.Flags().BoolVar(&o.Fetch, "fetch", false, "download what is not there")
	return cmd
}

func newCondaInstalled(*app) *cobra.Command {
	var o supervise.CondaOptions
	cmd := &cobra.Command{
		Use:    "conda-installed [--python VERSION] LIST PREFIX PYTHON.JSON",
		Short:  "Compare a conda environment with what is locked, and tell what is there",
		Hidden: true,
		Args:   between(3, 3),
		RunE: func(_ *cobra.Command, args []string) error {
			o.List, o.Prefix, o.Told = args[0], args[1], args[2]
			return supervise.CondaInstalled(o)
		},
	}
	cmd.Flags().StringVar(&o.Python, "python", "", "`VERSION` that must have come")
	return cmd
}
