package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
)

// starter is what init writes: a pipeline that validates as it stands.
//
//go:embed starter.hcl
var starter []byte

type initOptions struct {
	*app
	target string // a folder, or a file that ends in .hcl
}

func newInit(a *app) *cobra.Command {
	o := initOptions{app: a}
	return &cobra.Command{
		Use:     "init [DIR|FILE]",
		GroupID: groupWrite,
		Short:   "Write a starter pipeline",
		Long: `Writes a pipeline to start from, with a comment on every block: it clones code,
builds a Python environment, trains on one GPU and evaluates.

FILE must end in .hcl. In a folder the file is called pipeline.hcl. A file that
exists is never overwritten.`,
		Example: `  runpipe init              # ./pipeline.hcl
  runpipe init mnist.hcl`,
		Annotations: statuses{0: "the file was written", 1: "it could not be written, or exists already", 2: "wrong usage"}.annotation(),
		Args:        between(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.target = "."
			if len(args) > 0 {
				o.target = args[0]
			}
			return o.run()
		},
	}
}

func (o initOptions) run() error {
	path := o.target
	if !strings.HasSuffix(path, ".hcl") {
		path = filepath.Join(path, "pipeline.hcl")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("making the pipeline's folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already, and init overwrites nothing: give another name", path)
	}
	if err != nil {
		return fmt.Errorf("writing the starter: %w", err)
	}
	if _, err := f.Write(starter); err != nil {
		return errors.Join(fmt.Errorf("writing the starter: %w", err), f.Close(), os.Remove(path))
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing the starter: %w", err)
	}
	o.out.Say("Wrote " + path + ". Edit the repository and the commands in it, then:")
	for _, line := range []string{"plan %s     # what would run, and why", "apply %s    # run it"} {
		o.out.Say("  runpipe " + fmt.Sprintf(line, view.ShellWord(path)))
	}
	return nil
}
