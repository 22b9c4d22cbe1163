package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

// Builds is what the checkouts that a pipeline installs are built with, to be
// locked once clones are pinned and environments locked.
func Builds(p *pipeline.Pipeline, f *lock.File, w *workspace.Workspace, environ []string) ([]lock.Environment, hcl.Diagnostics) {
	facts := newFacts(p, f, w)
	var wanted []lock.Environment
	var diags hcl.Diagnostics
	for _, s := range p.Layers() {
		v, layer, base, err := facts.over(s)
		if err != nil {
			diags = append(diags, diagnostic(s.Range, "Unsuitable requirements", fmt.Sprintf("%s: %s.", s.Address, err)))
			continue
		}
		for _, c := range layer.Checkouts {
			digest, ok := f.Requirements(facts.wanted[c.Stage], stages.BuildFile)
			if !ok {
				diags = append(diags, diagnostic(s.Range, "Clone without a pin", fmt.Sprintf("%s is not pinned with what it is built with: run runpipe lock.", c.Stage)))
				continue
			}
			wanted = append(wanted, lock.Environment{
				Address: s.Address.String(), Builds: c.Stage, Range: s.Range,
				Asked: layer.Asked(&stages.Requirements{Path: stages.BuildFile, Digest: digest}),
				Request: func(ctx context.Context) (python.Request, error) {
					own := *v // other requests run at the same time
					build, err := facts.build(ctx, c.Stage, digest)
					if err == nil {
						err = facts.read(ctx, &own)
					}
					if err != nil {
						return python.Request{}, err
					}
					return stages.ResolvingBuild(s.Stage, &own, layer, base, build, environ), nil
				},
			})
		}
	}
	return wanted, diags
}

// over is the layer of an environment over its base, with the lock of that; nil if
// it has no packages.
func (f *facts) over(s pipeline.Layered) (v *stages.Venv, layer *stages.Layer, base *python.Lock, err error) {
	if v, err = f.settled(s.Base.Venv); err != nil {
		return nil, nil, nil, err
	}
	if v.Installs() {
		base, _ = f.Packages(v.Asked())
	}
	over := *s.Layer
	over.Over(v, base)
	return v, &over, base, nil
}

// build reads what a clone is built with from its pinned commit, which is fetched
// if it is not at hand.
func (f *facts) build(ctx context.Context, clone, digest string) (*stages.Requirements, error) {
	bare, commit, err := f.fetch(ctx, clone)
	if err != nil {
		return nil, err
	}
	return readRequirements(bare, commit, stages.BuildFile, digest)
}

// fetch brings the pinned commit of a clone here.
func (f *facts) fetch(ctx context.Context, clone string) (bare, commit string, err error) {
	wanted := f.wanted[clone]
	pin, ok := f.lock.Pin(wanted)
	if !ok {
		return "", "", fmt.Errorf("%s is not pinned", wanted.Address)
	}
	remote, err := git.ParseRemote(wanted.Repository, f.dir)
	if err != nil {
		return "", "", err
	}
	bare, err = git.Fetch(ctx, f.workspace.Repos(), remote, pin.Commit, git.FetchOptions{Paths: wanted.Paths})
	return bare, pin.Commit, err
}

// layerNames leaves out what only follows from a layer that was added, taken away or
// put together otherwise. The packages below it are another stage's, which tells of
// them.
func layerNames(names []string, now, then map[string]any) []string {
	if text(now["install"]) == text(then["install"]) {
		return names
	}
	follow := []string{"build", "build_hashes"}
	if now["install"] == nil || then["install"] == nil {
		follow = append(follow, "base", "packages", "hashes", "python", "platform")
	}
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(follow, name) })
}

// installReason tells which checkouts are laid over an environment now.
func installReason(now, then []string) string {
	switch is, was := strings.Join(now, ", "), strings.Join(then, ", "); {
	case was == "":
		return "install added: " + is
	case is == "":
		return "install removed: " + was
	default:
		return fmt.Sprintf("install changed: %s → %s", was, is)
	}
}
