package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/pipeline"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print runpipe's version",
		Long:              "Prints runpipe's version, and what it was built with and for.",
		Example:           "  runpipe version",
		Annotations:       statuses{0: "done", 2: "wrong usage"}.annotation(),
		Args:              between(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.out, "runpipe %s (%s, %s/%s)\n", pipeline.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
