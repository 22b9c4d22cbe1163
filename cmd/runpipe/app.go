package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

// app is what all verbs share: the streams, the environment and the clock.
type app struct {
	in        *os.File
	out, err  *view.Screen
	environ   []string
	now       func() time.Time
	workspace string // --workspace, or "" for the nearest

	step func(string) // called before each step of a submission, see run.Submitter; nil but in tests
}

func newApp(in, out, err *os.File, environ []string) *app {
	a := &app{in: in, environ: environ, now: time.Now}
	a.out, a.err = view.NewScreen(out, a.getenv), view.NewScreen(err, a.getenv)
	return a
}

// getenv is os.Getenv of the app's environment.
func (a *app) getenv(name string) string {
	for _, entry := range a.environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// reporter is what shows a verb's results.
func (a *app) reporter(asJSON bool) view.Reporter {
	if asJSON {
		return view.JSON{Writer: a.out}
	}
	return a.human()
}

func (a *app) human() *view.Human {
	dir, err := os.Getwd()
	if real, linked := filepath.EvalSymlinks(dir); linked == nil { // as the workspace's path is written
		dir = real
	}
	if err != nil { // removed under us: paths stay absolute
		dir = ""
	}
	return &view.Human{Screen: a.out, Now: a.now, Program: a.program(), Dir: dir}
}

// program is how this person would call runpipe again for the same workspace.
func (a *app) program() string {
	if a.workspace == "" || a.workspace == a.getenv("RUNPIPE_WORKSPACE") {
		return "runpipe"
	}
	return "runpipe --workspace " + view.ShellWord(a.workspace)
}

// root is the absolute path of the workspace, whether or not it exists yet.
// Symbolic links are resolved, since stage keys and scripts name the path.
func (a *app) root() (string, error) {
	root := a.workspace
	if root == "" {
		found, err := workspace.Find(".")
		if err != nil {
			return "", err
		}
		root = found
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return "", fmt.Errorf("finding the workspace: %w", err)
	}
	missing := "" // the part of the path that is still to be made
	for dir := root; ; dir = filepath.Dir(dir) {
		real, err := filepath.EvalSymlinks(dir)
		if err == nil {
			return filepath.Join(real, missing), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("finding the workspace: %w", err)
		}
		missing = filepath.Join(filepath.Base(dir), missing)
	}
}

// open opens the workspace, in which something must have been applied.
func (a *app) open() (*workspace.Workspace, error) {
	root, err := a.root()
	if err != nil {
		return nil, err
	}
	return workspace.Open(root)
}

// diagnose shows what was found in a pipeline. It returns errTold if there are
// errors among it.
func (a *app) diagnose(diags hcl.Diagnostics, files map[string]*hcl.File) error {
	if len(diags) > 0 {
		pipeline.WriteDiagnostics(a.err, diags, files, pipeline.WriteOptions{Color: a.err.Color, Width: a.err.Width()})
	}
	if diags.HasErrors() {
		return errTold
	}
	return nil
}

// diagnoseUnless is diagnose of what was found under ctx. Once that has been
// cancelled nothing is told: the fault may be that alone.
func (a *app) diagnoseUnless(ctx context.Context, diags hcl.Diagnostics, files map[string]*hcl.File) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return a.diagnose(diags, files)
}
