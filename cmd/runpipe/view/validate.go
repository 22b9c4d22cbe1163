package view

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/pipeline"
)

// Validated writes the faults of a pipeline, if it has any, as
// pipeline.DiagnosticsJSON documents them.
func (j JSON) Validated(_ string, found hcl.Diagnostics, files map[string]*hcl.File) error {
	data, err := pipeline.DiagnosticsJSON(found, files)
	if err != nil {
		return err
	}
	_, err = j.Write(data)
	return err
}

// Validated says that a pipeline is well-formed. Its warnings were shown.
func (h *Human) Validated(file string, found hcl.Diagnostics, _ map[string]*hcl.File) error {
	if len(found) > 0 {
		return h.Screen.print(file + " is valid, with warnings.")
	}
	return h.Screen.print(file + " is valid.")
}
