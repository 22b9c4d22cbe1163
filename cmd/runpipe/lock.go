package main

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/stages"
)

type lockOptions struct {
	*app
	source  source
	locked  bool
	json    bool
	dirty   bool // leave uncommitted changes out
	upgrade upgrade
}

func newLock(a *app) *cobra.Command {
	o := lockOptions{app: a}
	cmd := &cobra.Command{
		Use:     "lock [--upgrade[=ADDR]] [--locked] [--json] FILE",
		GroupID: groupWrite,
		Short:   "Pin what a pipeline refers to",
		Long: `Resolves the branch, tag or commit of each clone and fetches that commit; resolves the
packages of each environment, and what the checkouts that it installs are built with,
to exact versions with the sha256 of their files, by uv where it is on PATH, else by
pip; takes those of a uv project from its uv.lock, for which uv is needed; downloads
data that does not say its sha256, and conda packages of which their list does not,
once; and writes the lock file beside the pipeline: mnist.lock.hcl for mnist.hcl. Commit
it. What is pinned already stays as it is, and asks no network, until --upgrade.

Where the branch of a clone is checked out in a folder with uncommitted changes, they
are refused: what would run is not what is there to see. --allow-dirty pins the last
commit all the same.

"apply" pins what is missing by itself; "lock" is for doing only that, and for
moving on.

--json writes {"version":1,"file","changes":[{"address","kind":"commit|packages|data",
"from","to","what","repository","ref","unshared","files","bytes"}]}, with no changes when
all was pinned. "from" and "to" are commits, digests of the locked packages, or the
sha256 of data that is one file; "from" is "" for a new pin, and what does not apply is
absent.`,
		Example: `  runpipe lock mnist.hcl
  runpipe lock --upgrade mnist.hcl               # everything to what it stands for now
  runpipe lock --upgrade=environment.python mnist.hcl
  runpipe lock --locked mnist.hcl                # in continuous integration
  runpipe lock --upgrade --json mnist.hcl | jq -r '.changes[] | "\(.address) \(.to)"'`,
		Annotations: statuses{
			0: "all is pinned", 1: "a fault in the pipeline, or a ref or packages that cannot be resolved or fetched",
			2: "wrong usage", 5: "--locked was given, and the lock file would have to change", 130: "interrupted; nothing was written",
		}.annotation(),
		Args:              o.oneFile,
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			o.source.path = args[0]
			return o.run(ctx)
		},
	}
	o.source.flags(cmd)
	cmd.Flags().BoolVar(&o.locked, "locked", false, "fail if the lock file would have to change")
	cmd.Flags().BoolVar(&o.dirty, "allow-dirty", false, "pin the last commit where there are uncommitted changes")
	cmd.Flags().BoolVar(&o.json, "json", false, "write JSON to stdout")
	o.upgrade.flag(cmd)
	return cmd
}

// oneFile wants one pipeline file. Two may be --upgrade's address, written apart.
func (o *lockOptions) oneFile(cmd *cobra.Command, args []string) error {
	if len(args) == 2 && slices.Contains(o.upgrade.addresses, everything) {
		for i, arg := range args {
			if _, err := stages.ParseAddress(arg); err == nil && filepath.Ext(arg) != ".hcl" {
				return usage(cmd, "the address is joined to --upgrade: runpipe lock --upgrade=%s %s", arg, args[1-i])
			}
		}
	}
	return oneFile(cmd, args)
}

func (o *lockOptions) run(ctx context.Context) error {
	p, err := o.load(o.source)
	if err != nil {
		return err
	}
	if err := o.upgrade.check(p); err != nil {
		return err
	}
	root, err := o.root()
	if err != nil {
		return err
	}
	pins := pinning{app: o.app, pipeline: p, root: root, locked: o.locked, upgrade: o.upgrade.wants}
	if o.dirty {
		pins.dirty = lock.LeaveOut
	}
	changes, err := pins.run(ctx)
	if err != nil {
		return err
	}
	return o.reporter(o.json).Locked(view.Locking{File: lock.Path(p.Path), Changes: changes})
}
