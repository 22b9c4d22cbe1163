package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// Main runs the command line of this process and returns its exit status.
func Main() int {
	return newApp(os.Stdin, os.Stdout, os.Stderr, os.Environ()).main(context.Background(), os.Args[1:])
}

// main runs one command line.
func (a *app) main(ctx context.Context, args []string) int {
	root := newRoot(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	a.tell(err)
	return exitStatus(err)
}

// The groups of verbs, in the order in which a newcomer needs them.
const (
	groupWrite = "write"
	groupRun   = "run"
	groupLook  = "look"

	groupCompare = "compare"
)

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "runpipe",
		Short: "Reproducible GPU training pipelines for Slurm",
		Long: `runpipe runs reproducible GPU training pipelines.

One HCL file names the code, the environment, the training and the evaluation.
"runpipe apply FILE" pins every moving part, compiles each stage to one readable
batch script and hands Slurm the whole chain at once. On a machine without Slurm
the same scripts run right here.`,
		Example: `  runpipe init mnist.hcl      # a starter to edit
  runpipe plan mnist.hcl      # what would run, and why
  runpipe apply mnist.hcl     # run it and watch
  runpipe status              # where the newest run stands`,
		Annotations:       statuses{0: "done", 1: "an error, told on stderr", 2: "wrong usage"}.annotation(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		Args:              cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownVerb(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cobra.EnableCommandSorting = false // they stand in the order of their use
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.CompletionOptions.DisableDefaultCmd = true
	root.PersistentFlags().StringVar(&a.workspace, "workspace", a.getenv("RUNPIPE_WORKSPACE"), "`DIR` where runs are kept; else the nearest .runpipe; also RUNPIPE_WORKSPACE")
	root.SetHelpTemplate(forColumns(helpTemplate, a.out.Width()))
	root.SetUsageTemplate(forColumns(usageTemplate, a.out.Width()))
	root.SetHelpCommand(newHelp(root))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, "%s", flagFault(cmd, err)) })
	root.AddGroup(
		&cobra.Group{ID: groupWrite, Title: "Write a pipeline:"},
		&cobra.Group{ID: groupRun, Title: "Run it:"},
		&cobra.Group{ID: groupLook, Title: "Look at runs:"},
		&cobra.Group{ID: groupCompare, Title: "Compare and keep them:"},
	)
	for _, verb := range verbs {
		root.AddCommand(verb(a))
	}
	return root
}

// verbs are all there are, as they stand in the help.
var verbs = []func(*app) *cobra.Command{
	newInit, newFmt, newValidate, newLock,
	newPlan, newApply, newResume, newCancel, newUnlock,
	newStatus, newWatch, newRuns, newShow, newLogs,
	newDiff, newVerify, newReproduce, newGC,
	newCompletion, newVersion,
	newExec, newTask, newCheckout, newData, newCondaPackages, newCondaInstalled, newSchedule,
}

func unknownVerb(root *cobra.Command, given string) error {
	root.SuggestionsMinimumDistance = 2
	hint := ""
	if near := root.SuggestionsFor(given); len(near) > 0 {
		hint = fmt.Sprintf(" Did you mean %q?", near[0])
	}
	return usage(root, "There is no verb %q.%s", given, hint)
}
