package main

import (
	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/pipeline"
)

type validateOptions struct {
	*app
	source source
	json   bool
}

func newValidate(a *app) *cobra.Command {
	o := validateOptions{app: a}
	cmd := &cobra.Command{
		Use:     "validate [--json] FILE",
		GroupID: groupWrite,
		Short:   "Say whether a pipeline is well-formed",
		Long: `Loads a pipeline and reports every fault in it, each at its place: the syntax,
the arguments of each block, references, types and the values of variables.

It needs no network and no cluster, and changes nothing. Whether repositories and
commits exist is found out by "runpipe lock", and what would run by "runpipe plan".`,
		Example: `  runpipe validate mnist.hcl
  runpipe validate --json mnist.hcl | jq -r '.diagnostics[].summary'`,
		Annotations:       statuses{0: "the pipeline is valid", 1: "it has faults, or cannot be read", 2: "wrong usage"}.annotation(),
		Args:              oneFile,
		ValidArgsFunction: completeFile,
		RunE: func(_ *cobra.Command, args []string) error {
			o.source.path = args[0]
			return o.run()
		},
	}
	o.source.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "write the faults as JSON to stdout")
	return cmd
}

func (o *validateOptions) run() error {
	p, diags := pipeline.Load(o.source.options(o.app))
	if o.json {
		if err := o.reporter(true).Validated(o.source.path, diags, p.Files); err != nil {
			return err
		}
		if diags.HasErrors() {
			return errTold
		}
		return nil
	}
	if err := o.diagnose(diags, p.Files); err != nil {
		return err
	}
	return o.reporter(false).Validated(o.source.path, diags, p.Files)
}
