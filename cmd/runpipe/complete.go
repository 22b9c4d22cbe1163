package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/run"
)

// completeRun completes the id of a run.
func (a *app) completeRun(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.runIDs(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// completeRuns completes the ids of two runs.
func (a *app) completeRuns(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.runIDs(), cobra.ShellCompDirectiveKeepOrder
}

// completeRunAndStage completes [RUN] [ADDR]: the first may be either.
func (a *app) completeRunAndStage(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const order = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	switch len(args) {
	case 0:
		return append(a.addresses(""), a.runIDs()...), order
	case 1:
		return a.addresses(args[0]), order
	}
	return nil, order
}

// runIDs lists the runs of the workspace, newest first, with their pipelines.
func (a *app) runIDs() []cobra.Completion {
	w, err := a.open()
	if err != nil {
		return nil
	}
	runs, _ := run.List(w) // those that can be read are enough
	var list []cobra.Completion
	for _, r := range slices.Backward(runs) {
		list = append(list, cobra.CompletionWithDesc(r.Run, r.Pipeline))
	}
	return list
}

// addresses lists the stages of a run, in the form that needs no quotes in a shell.
func (a *app) addresses(id string) []cobra.Completion {
	r, err := a.pick(id)
	if err != nil {
		return nil
	}
	var list []cobra.Completion
	for _, s := range r.Stages {
		list = append(list, view.ShellAddress(s.Address))
	}
	return list
}
