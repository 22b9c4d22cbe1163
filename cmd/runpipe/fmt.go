package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/pipeline"
)

type fmtOptions struct {
	*app
	files []string // "-" is stdin
	check bool
	diff  bool
}

func newFmt(a *app) *cobra.Command {
	o := fmtOptions{app: a}
	cmd := &cobra.Command{
		Use:     "fmt [--check] [--diff] FILE...",
		GroupID: groupWrite,
		Short:   "Bring pipelines into the canonical format",
		Long: `Rewrites pipeline files in the canonical format: indentation, and the alignment of
equals signs. Comments and the order of blocks stay as they are. The names of files
that changed are written to stdout.

FILE "-" reads from stdin and writes the result to stdout.`,
		Example: `  runpipe fmt mnist.hcl
  runpipe fmt --check --diff *.hcl     # in continuous integration`,
		Annotations: statuses{
			0: "done", 1: "a file cannot be read, parsed or written", 2: "wrong usage", 3: "--check was given, and some file is not in canonical format",
		}.annotation(),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return oneFile(cmd, args)
			}
			return nil
		},
		ValidArgsFunction: completeFile,
		RunE: func(_ *cobra.Command, args []string) error {
			o.files = args
			return o.run()
		},
	}
	cmd.Flags().BoolVar(&o.check, "check", false, "change nothing; exit 3 if a file would change")
	cmd.Flags().BoolVar(&o.diff, "diff", false, "show what changes")
	return cmd
}

func (o *fmtOptions) run() error {
	changed, failed := false, error(nil)
	for _, file := range o.files {
		differs, err := o.one(file)
		changed = changed || differs
		if err != nil {
			if !errors.Is(err, errTold) {
				o.tell(err)
			}
			failed = errTold
		}
	}
	if failed == nil && changed && o.check {
		return errUnformatted
	}
	return failed
}

// one formats one file, and reports whether that changes it.
func (o *fmtOptions) one(file string) (differs bool, err error) {
	src, err := o.read(file)
	if err != nil {
		return false, err
	}
	parsed, diags := hclsyntax.ParseConfig(src, file, hcl.InitialPos)
	if err := o.diagnose(diags, map[string]*hcl.File{file: parsed}); err != nil {
		return false, err
	}
	formatted := pipeline.Format(src)
	differs = !bytes.Equal(src, formatted)
	if file == "-" && !o.check && !o.diff {
		_, err := o.out.Write(formatted)
		return differs, err
	}
	if !differs {
		return false, nil
	}
	if o.diff {
		_, err = o.out.Write(diff.Diff(file, src, file+" (formatted)", formatted))
	} else {
		_, err = fmt.Fprintln(o.out, file)
	}
	if err != nil || o.check || file == "-" {
		return differs, err
	}
	return differs, rewrite(file, formatted)
}

func (o *fmtOptions) read(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(o.in)
	}
	return os.ReadFile(file)
}

// rewrite replaces a file's content and keeps its permissions. A link stays a
// link: what it points to is written.
func rewrite(file string, content []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
