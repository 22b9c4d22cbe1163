package main

import (
	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/pipeline"
)

// source says which pipeline a verb reads, and with which variables.
type source struct {
	path  string
	vars  []string // --var, each NAME=VALUE
	files []string // --var-file
}

// flags adds the options that give values to variables.
func (s *source) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&s.vars, "var", nil, "set the variable `NAME=VALUE`; may be given again")
	cmd.Flags().StringArrayVar(&s.files, "var-file", nil, "read variables from `FILE`; may be given again")
	_ = cmd.MarkFlagFilename("var-file", "hcl") // fails only for a flag that does not exist
}

// options are what the pipeline is loaded with.
func (s *source) options(a *app) pipeline.Options {
	return pipeline.Options{Path: s.path, Vars: s.vars, VarFiles: s.files, Environ: a.environ}
}

// load loads the pipeline and tells of all its faults.
func (a *app) load(s source) (*pipeline.Pipeline, error) {
	p, diags := pipeline.Load(s.options(a))
	return p, a.diagnose(diags, p.Files)
}
