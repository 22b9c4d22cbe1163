package lock

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

// Environment is what an environment stage asks for.
type Environment struct {
	Address string
	Asked   python.Asked
	Builds  string    // address of the checkout that is built with the packages; "" for the environment's own
	Range   hcl.Range // where it is asked for
	// Request is what the resolver is to be told. It is called only where
	// something is to be resolved, and may have to fetch what it reads. Its error
	// may be hcl.Diagnostics, which are told as they are; so may Pin's.
	Request func(ctx context.Context) (python.Request, error)
	// Pin locks exact packages that a file names already, and is called instead of
	// Request; nil: there are none.
	Pin func(ctx context.Context) (*python.Lock, error)
}

// EnvironmentOptions are how UpdateEnvironments goes about it.
type EnvironmentOptions struct {
	Upgrade  func(address string) bool // nil: none
	Locked   bool
	Resolves func(what string) // told before the network is asked; nil: nobody is
}

// UpdateEnvironments locks in f the packages that wanted asks for and f does not
// hold, or that are to be upgraded. All else stays as it is, and nothing is
// asked about it. f is not written.
func UpdateEnvironments(ctx context.Context, f *File, wanted []Environment, o EnvironmentOptions) (changes []Change, diags hcl.Diagnostics) {
	if f.environments == nil {
		f.environments = map[string]*python.Lock{}
	}
	var needed []*resolution
	for _, w := range wanted {
		upgrade := o.Upgrade != nil && o.Upgrade(w.Address)
		old := f.environments[w.Asked.Digest()]
		switch {
		case old != nil && !upgrade:
		case o.Locked:
			diags = append(diags, w.refuse(upgrade))
		default:
			needed = append(needed, &resolution{Environment: w, old: old})
		}
	}
	resolveAll(ctx, needed, o)
	for _, r := range needed {
		diags = append(diags, r.diags...)
		if r.new == nil {
			continue
		}
		f.environments[r.Asked.Digest()] = r.new
		if text := changed(r.old, r.new); text != "" {
			if r.Builds != "" {
				text += ", to build " + r.Builds
			}
			change := Change{Address: r.Address, Kind: PinnedPackages, New: r.new.Digest(), What: text}
			if r.old != nil {
				change.Old = r.old.Digest()
			}
			changes = append(changes, change)
		}
	}
	return changes, diags
}

// resolution is one environment on its way to a lock.
type resolution struct {
	Environment
	old, new *python.Lock
	diags    hcl.Diagnostics
}

// resolveAll resolves at the same time; those who ask for the same, once.
func resolveAll(ctx context.Context, needed []*resolution, o EnvironmentOptions) {
	first := map[string]*resolution{}
	var group sync.WaitGroup
	for _, r := range needed {
		if first[r.Asked.Digest()] != nil {
			continue
		}
		first[r.Asked.Digest()] = r
		if o.Resolves != nil {
			o.Resolves(r.what())
		}
		group.Go(func() { r.run(ctx) })
	}
	group.Wait()
	for _, r := range needed {
		r.new = first[r.Asked.Digest()].new
	}
}

func (r *resolution) run(ctx context.Context) {
	var err error
	if r.Pin != nil {
		r.new, err = r.Pin(ctx)
	} else {
		r.new, err = r.resolve(ctx)
	}
	var told hcl.Diagnostics
	switch {
	case errors.As(err, &told):
		r.new, r.diags = nil, told
	case err != nil:
		r.new = nil
		r.diags = hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Packages cannot be locked", Detail: r.fault(err), Subject: r.place()}}
	}
}

func (r *resolution) resolve(ctx context.Context) (*python.Lock, error) {
	request, err := r.Request(ctx)
	if err != nil {
		return nil, err
	}
	return python.Resolve(ctx, request)
}

// fault says what failed; a resolver's own words stand below it.
func (r *resolution) fault(err error) string {
	var known *git.Fault
	var said *python.ResolverError
	switch {
	case errors.As(err, &known):
		return r.who() + ": " + known.Detail
	case errors.As(err, &said) && err.Error() == said.Error():
		return fmt.Sprintf("%s: %s found no packages that fit, or did not reach the index:\n%s", r.who(), said.Program, said.Text)
	}
	text := r.who() + ": " + git.Redact(err.Error())
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// who names the environment in front of what is wrong with it.
func (w *Environment) who() string {
	if w.Builds != "" {
		return w.Address + ", to build " + w.Builds
	}
	return w.Address
}

func (w *Environment) refuse(upgrade bool) *hcl.Diagnostic {
	what := "are not locked"
	if upgrade {
		what = "were to be locked anew"
	}
	name := w.what()
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Lock file would change",
		Detail:  fmt.Sprintf("%s %s. Run runpipe lock and commit the lock file.", strings.ToUpper(name[:1])+name[1:], what),
		Subject: w.place(), Extra: locked{}}
}

// what names the packages in a sentence.
func (w *Environment) what() string {
	if w.Builds != "" {
		return "the packages that " + w.Builds + " is built with for " + w.Address
	}
	return "the packages of " + w.Address
}

func (w *Environment) place() *hcl.Range {
	if w.Range == (hcl.Range{}) {
		return nil
	}
	return &w.Range
}
