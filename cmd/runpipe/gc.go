package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/gc"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/stages"
)

type gcOptions struct {
	*app
	keep      int
	olderThan string
	yes, dry  bool
	json      bool
}

func newGC(a *app) *cobra.Command {
	o := gcOptions{app: a}
	cmd := &cobra.Command{
		Use:     "gc [flags]",
		GroupID: groupCompare,
		Short:   "Free what no kept run needs",
		Long: `Lists what no kept run of the workspace needs, asks, and removes it: results in the
store, environments, frozen files, downloads, old copies of runpipe, and what jobs
left that were cut short. All runs are kept, unless --keep or --older-than says otherwise; with
both, a run goes that is neither among the newest nor young. A run that has not ended
is never touched, nor is anything that it needs. An apply that begins meanwhile finds
all that it reuses, or says that it has to be started again. Fetched repositories stay.

--json writes {"version":1,"freed","bytes","items":[{"kind","path","bytes","of"}]};
without --yes it only lists.`,
		Example: `  runpipe gc --dry-run
  runpipe gc --keep 10
  runpipe gc --older-than 30d --yes`,
		Annotations:       statuses{0: "done, or nothing to free, or not wanted", 1: "an error; or nobody can be asked and --yes was not given", 2: "wrong usage"}.annotation(),
		Args:              between(0, 0),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	cmd.Flags().IntVar(&o.keep, "keep", -1, "keep the newest `N` runs that have ended")
	cmd.Flags().StringVar(&o.olderThan, "older-than", "", "keep runs that are younger than `AGE`, as in 30d or 12h")
	cmd.Flags().BoolVar(&o.dry, "dry-run", false, "only list")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON to stdout")
	cmd.Flags().Lookup("keep").DefValue = "0" // by which pflag shows none
	return cmd
}

func (o *gcOptions) run(cmd *cobra.Command) error {
	options, err := o.options(cmd)
	if err != nil {
		return err
	}
	w, err := o.open()
	if err != nil {
		return err
	}
	if self, err := os.Executable(); err == nil {
		options.Program, _ = run.BinaryPath(w, self) // "" keeps none for it
	}
	items, err := gc.Find(w, options)
	if err != nil {
		return err
	}
	free := view.Freeing{Items: items}
	if !o.json {
		if err := o.reporter(false).Free(free); err != nil {
			return err
		}
	}
	wanted, err := o.wanted(len(items))
	if err != nil {
		return err
	}
	if wanted {
		free.Freed = true
		if free.Items, err = gc.Free(w, items, options); err != nil {
			return err
		}
	}
	if o.json || wanted {
		return o.reporter(o.json).Free(free)
	}
	return nil
}

func (o *gcOptions) options(cmd *cobra.Command) (gc.Options, error) {
	options := gc.Options{Keep: o.keep, Now: o.now()}
	if cmd.Flags().Changed("keep") && o.keep < 0 {
		return options, usage(cmd, "--keep %d: a number of runs is wanted, such as 10.", o.keep)
	}
	if o.olderThan != "" {
		age, err := stages.ParseDuration(o.olderThan)
		if _, plain := strconv.Atoi(o.olderThan); err != nil && plain == nil {
			return options, usage(cmd, "--older-than %s: an age needs its unit. Did you mean %sd?", o.olderThan, o.olderThan)
		}
		if err != nil {
			return options, usage(cmd, "--older-than %s: %v.", o.olderThan, err)
		}
		options.OlderThan = max(age, time.Nanosecond)
	}
	queues, ctx := o.queues(), cmd.Context()
	options.Live = func(r *run.Run) bool { return o.live(ctx, queues, r) }
	return options, nil
}

// live reports whether a run may still have jobs. What cannot be told is yes.
func (o *gcOptions) live(ctx context.Context, q *queues, r *run.Run) bool {
	st, err := q.status(ctx, r)
	return err != nil || !st.State.Ended()
}

// wanted reports whether the items are to be freed.
func (o *gcOptions) wanted(n int) (bool, error) {
	switch {
	case n == 0 || o.dry:
		return false, nil
	case o.yes:
		return true, nil
	case o.json:
		return false, nil
	case !term.IsTerminal(int(o.in.Fd())):
		return false, fmt.Errorf("nobody can be asked here: give --yes to free this, or --dry-run only to list it")
	}
	fmt.Fprint(o.err, "Free this? [y/N] ")
	answer, _ := bufio.NewReader(o.in).ReadString('\n') // at the end of the input: no
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}
