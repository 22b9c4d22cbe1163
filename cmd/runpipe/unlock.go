package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
)

func newUnlock(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "unlock [--json] RUN",
		GroupID: groupRun,
		Short:   "Remove the lock of a submitter that died on another machine",
		Long: `A run is locked while it is being submitted. The lock of a process that died on this
machine is found out and taken over without being asked. Whether one on another
machine lives can be told only there: look, and if it does not, unlock the run here.

A lock whose holder lives on this machine is not removed.

--json writes {"version":1,"run","locked":false,"removed","holder":{"user","host",
"pid","since"}}: whose lock was "removed". "holder" is null if there was none, or it
was damaged and named nobody.`,
		Example:           "  runpipe unlock k3f9\n  runpipe resume k3f9",
		Annotations:       statuses{0: "the run is not locked (any more)", 1: "its holder lives here, or an error", 2: "wrong usage"}.annotation(),
		Args:              between(1, 1),
		ValidArgsFunction: a.completeRun,
		RunE:              func(_ *cobra.Command, args []string) error { return a.unlock(args[0], asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON to stdout")
	return cmd
}

func (a *app) unlock(id string, asJSON bool) error {
	r, err := a.pick(id)
	if err != nil {
		return err
	}
	holder, err := r.Unlock()
	if err != nil {
		return fmt.Errorf("run %s stays locked: %w", r.Run, err)
	}
	unlocked := view.Unlocking{Run: r.Run, Removed: holder != nil}
	if holder != nil && holder.PID != 0 { // a damaged lock names nobody
		unlocked.Holder = holder
	}
	return a.reporter(asJSON).Unlocked(unlocked)
}
