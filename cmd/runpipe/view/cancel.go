package view

import (
	"fmt"
	"strings"
)

// CancellationVersion is the version of what `cancel --json` writes.
const CancellationVersion = 1

// Cancellation is what of a run was cancelled.
type Cancellation struct {
	Version   int      `json:"version"`
	Run       string   `json:"run"`
	Cancelled []string `json:"cancelled"` // addresses, in the order of the pipeline
}

// Cancelled writes what `cancel --json` is documented to write.
func (j JSON) Cancelled(c Cancellation) error {
	c.Version = CancellationVersion
	if c.Cancelled == nil {
		c.Cancelled = []string{}
	}
	return j.encode(c)
}

// Cancelled names the stages.
func (h *Human) Cancelled(c Cancellation) error {
	if len(c.Cancelled) == 0 {
		return h.Screen.print(fmt.Sprintf("Nothing to cancel: all of it has ended in run %s.", c.Run))
	}
	return h.Screen.print(fmt.Sprintf("Cancelled in run %s: %s.", c.Run, strings.Join(c.Cancelled, ", ")))
}
