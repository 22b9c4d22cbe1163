package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newUnlock(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "unlock RUN",
		GroupID: groupRun,
		Short:   "Remove the lock of a submitter that died on another machine",
		Long: `A run is locked while it is being submitted. The lock of a process that died on this
machine is found out and taken over without being asked. Whether one on another
machine lives can be told only there: look, and if it does not, unlock the run here.

A lock whose holder lives on this machine is not removed.`,
		Example:           "  runpipe unlock k3f9\n  runpipe resume k3f9",
		Annotations:       statuses{0: "the run is not locked (any more)", 1: "its holder lives here, or an error", 2: "wrong usage"}.annotation(),
		Args:              between(1, 1),
		ValidArgsFunction: a.completeRun,
		RunE:              func(_ *cobra.Command, args []string) error { return a.unlock(args[0]) },
	}
}

func (a *app) unlock(id string) error {
	r, err := a.pick(id)
	if err != nil {
		return err
	}
	holder, err := r.Unlock()
	switch {
	case err != nil:
		return fmt.Errorf("run %s stays locked: %w", r.Run, err)
	case holder != nil && holder.PID == 0:
		a.out.Say(fmt.Sprintf("Removed the lock of run %s, which was damaged and named nobody.", r.Run))
	case holder == nil:
		a.out.Say(fmt.Sprintf("Run %s is not locked.", r.Run))
	default:
		a.out.Say(fmt.Sprintf("Removed the lock of %s from run %s.", holder, r.Run))
	}
	return nil
}
