package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages/git"
)

// pinning brings a pipeline's lock file up to date.
type pinning struct {
	*app
	pipeline *pipeline.Pipeline
	root     string // of the workspace
	locked   bool
	upgrade  func(address string) bool
	dry      bool // resolve what is missing, but write no lock file
	dirty    lock.Uncommitted

	file *lock.File // the result
}

// run pins what is not pinned yet, and what is to be upgraded.
func (p *pinning) run(ctx context.Context) ([]lock.Change, error) {
	path := lock.Path(p.pipeline.Path)
	file, diags := lock.Read(path)
	files := maps.Clone(p.pipeline.Files)
	if source := file.Source(); source != nil && files != nil {
		files[path] = source
	}
	if err := p.diagnose(diags, files); err != nil {
		return nil, err
	}
	wanted := plan.Wanted(p.pipeline)
	options := lock.Options{
		Upgrade: p.upgrade, Locked: p.locked, Progress: p.progress(),
		Uncommitted: p.dirty, Except: []string{p.pipeline.Path},
	}
	w := &workspace.Workspace{Root: p.root}
	if !p.locked && lock.Needed(file, wanted, options) { // it fetches into the workspace
		var err error
		if w, err = workspace.Create(p.root); err != nil {
			return nil, err
		}
	}
	changes, diags := lock.Update(ctx, file, p.pipeline.Dir, w.Repos(), wanted, options)
	if !diags.HasErrors() {
		read, more := p.data(ctx, file, w)
		changes, diags = append(changes, read...), append(diags, more...)
	}
	if !diags.HasErrors() {
		locked, more := p.environments(ctx, file, w)
		changes, diags = append(changes, locked...), append(diags, more...)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if lock.Refused(diags) {
		p.diagnose(diags, files)
		return nil, errLocked
	}
	if err := p.diagnose(diags, files); err != nil {
		return nil, errors.Join(err, p.keep(file, changes))
	}
	p.file = file
	p.noteUnshared(changes)
	if p.dry || p.locked {
		return changes, nil
	}
	return changes, file.Write(path)
}

// keep writes down what could be pinned although something else could not, if there
// is data in it: that may have taken hours to download. Where anything moved, it is
// all or nothing.
func (p *pinning) keep(file *lock.File, changes []lock.Change) error {
	data := slices.ContainsFunc(changes, func(c lock.Change) bool { return c.Kind == lock.PinnedData })
	moved := slices.ContainsFunc(changes, func(c lock.Change) bool { return c.Old != "" })
	if p.dry || p.locked || !data || moved {
		return nil
	}
	path := lock.Path(p.pipeline.Path)
	if err := file.Write(path); err != nil {
		return err
	}
	p.err.Say(fmt.Sprintf("What could be pinned is in %s.", filepath.Base(path)))
	return nil
}

// data pins the data that does not say its digest.
func (p *pinning) data(ctx context.Context, file *lock.File, w *workspace.Workspace) ([]lock.Change, hcl.Diagnostics) {
	wanted := plan.Data(p.pipeline, w, p.environ, p.progress())
	if len(wanted) > 0 && !p.locked && !p.dry {
		if _, err := workspace.Create(p.root); err != nil {
			return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "No workspace", Detail: err.Error() + "."}}
		}
	}
	return lock.UpdateData(ctx, file, wanted, lock.DataOptions{Upgrade: p.upgrade, Locked: p.locked, Dry: p.dry})
}

// environments locks the packages of environments, whose requirements may lie in
// a clone that has just been pinned.
func (p *pinning) environments(ctx context.Context, file *lock.File, w *workspace.Workspace) ([]lock.Change, hcl.Diagnostics) {
	o := lock.EnvironmentOptions{
		Upgrade: p.upgrade, Locked: p.locked,
		Resolves: func(what string) { p.err.Say("Resolving " + what) },
	}
	wanted, diags := plan.Environments(p.pipeline, file, w, p.environ, p.progress())
	if diags.HasErrors() {
		return nil, diags
	}
	changes, diags := lock.UpdateEnvironments(ctx, file, wanted, o)
	if diags.HasErrors() {
		return changes, diags
	}
	// What checkouts are built with is for the Python that the base was locked for.
	builds, diags := plan.Builds(p.pipeline, file, w, p.environ)
	if diags.HasErrors() {
		return changes, diags
	}
	further, diags := lock.UpdateEnvironments(ctx, file, builds, o)
	return append(changes, further...), diags
}

// noteUnshared tells of new pins that nobody else could fetch.
func (p *pinning) noteUnshared(changes []lock.Change) {
	told := map[string]bool{}
	for _, c := range changes {
		if c.Unshared && !told[c.New] {
			told[c.New] = true
			p.err.Say(fmt.Sprintf("Note: commit %.7s of %s is on no remote of that repository: nobody else can fetch it until it is pushed.", c.New, c.Repository))
		}
	}
}

// progress gives each fetch a bar, one at a time: there is one line for it. On
// anything but a terminal each fetch is a line instead.
func (p *pinning) progress() func(label string) git.Progress {
	if !p.err.Live {
		return func(label string) git.Progress {
			var once sync.Once
			return func(stage string, _, _ int64) {
				if stage != "" {
					once.Do(func() { p.err.Say("Fetching " + label) })
				}
			}
		}
	}
	line := make(chan struct{}, 1)
	return func(label string) git.Progress {
		bar, mine := lock.Bar(p.err, label), false
		return func(stage string, done, total int64) {
			if !mine {
				select {
				case line <- struct{}{}:
					mine = true
				default:
					return
				}
			}
			bar(stage, done, total)
			if stage == "" {
				mine = false
				<-line
			}
		}
	}
}
