package view

import (
	"encoding/json"
	"io"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/pipeline/run"
)

// Reporter shows what a verb has found out. Human is for people, JSON for
// programs; what JSON writes is stable and carries a version.
type Reporter interface {
	Validated(file string, found hcl.Diagnostics, files map[string]*hcl.File) error
	Locked(Locking) error
	Plan(Planned) error
	Status(Outcome) error
	Runs([]run.Status) error
	Show(ShownRun) error
	Verify(Verification) error
	Diff(Comparison) error
	Judge(Reproduction) error
	Free(Freeing) error
	Cancelled(Cancellation) error
	Unlocked(Unlocking) error
}

// Outcome is where a run stands, with what is known of it beside its stages.
type Outcome struct {
	run.Status
	Results []Result // the pipeline's output blocks
}

// Result is the value of an output block of the pipeline.
type Result struct {
	Name        string
	Value       string
	Description string
}

// Human shows things to a person.
type Human struct {
	Screen *Screen
	Now    func() time.Time
	// Dir is the current folder, of which paths are told from where they are in
	// it; with "" they stay absolute.
	Dir string
	// Program is how the person calls runpipe: its name, and the options that
	// any further call needs, such as --workspace.
	Program string
}

// JSON shows things to a program, one document a call.
type JSON struct{ io.Writer }

var (
	_ Reporter = (*Human)(nil)
	_ Reporter = JSON{}
)

func (j JSON) encode(v any) error {
	e := json.NewEncoder(j)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
