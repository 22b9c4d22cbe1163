package stages

import (
	"fmt"
	"maps"
	"slices"

	"github.com/runpipe/runpipe/stages/python"
)

// Layer is what an environment lays over its packages: checkouts, built and
// installed into a folder of their own, which comes first on PYTHONPATH. The
// packages below are the base, another stage with a key of its own, so that an
// edit of the code does not build them anew.
type Layer struct {
	Base       string // address of the stage that builds the base
	Checkouts  []Checkout
	Python     string   // version of the base, as precise as it is known
	Locked     string   // digest of the base's lock, which what builds the checkouts agrees with; or ""
	Platform   string   // of the nodes
	Index      string   // as in Venv
	ExtraIndex []string // likewise
	Prefetch   bool     // likewise
}

// Checkout is one of the clones that are installed, the uppermost first.
type Checkout struct {
	Tree
	Build *Requirements // what it is built with; nil while the pipeline is only checked
	Lock  *python.Lock  // the exact packages of that, but those of the base; nil before they are locked
}

// BuildFile is the file of a checkout that says what it is built with.
const BuildFile = pyprojectFile

// baseKey is the key, in an address, of the stage that builds an environment's base.
const baseKey = "base"

// BlockOf is the address of the block that a stage was written as: that of an
// environment for its base, and the stage's own for all others.
func BlockOf(a Address) Address {
	if a.Kind == (environmentKind{}).Name() && a.Key == baseKey {
		a.Key = ""
	}
	return a
}

// TakeBase takes the base out of an environment with a layer, as a stage of its
// own that the layer rests on. nil: there is no layer.
func (s *Stage) TakeBase() *Stage {
	if s.Layer == nil {
		return nil
	}
	base := *s
	base.Address.Key = baseKey
	base.Layer = nil
	order := slices.DeleteFunc(slices.Clone(s.After), func(address string) bool { return slices.Contains(s.Inputs, address) })
	base.Inputs, s.Inputs = nil, []string{base.Address.String()}
	if source := s.Venv.Source; source != nil {
		base.Inputs = []string{source.Stage}
	}
	for _, c := range s.Layer.Checkouts {
		s.Inputs = append(s.Inputs, c.Stage)
	}
	base.After, s.After = union(base.Inputs, order), union(s.Inputs, order)
	s.Inputs = union(s.Inputs)
	s.Layer.Base, s.Venv = base.Address.String(), nil
	return &base
}

// union is the elements of all lists, sorted, each once.
func union(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Over says what the layer lies over: what it is built with must be for the same
// interpreter. lock is that of the base, or nil.
func (l *Layer) Over(v *Venv, lock *python.Lock) {
	l.Python, l.Platform, l.Index, l.ExtraIndex, l.Prefetch = v.Python, v.platform(), v.Index, v.ExtraIndex, v.Prefetch
	if lock != nil {
		l.Python, l.Locked = lock.Python, lock.Digest()
	}
}

// Asked is what the lock of what a checkout is built with is found by.
func (l *Layer) Asked(build *Requirements) python.Asked {
	return python.Asked{Requirements: build.Digest, Base: l.Locked, Python: l.Python, Platform: l.Platform, Index: l.Index, ExtraIndex: l.ExtraIndex}
}

// ResolvingBuild is what the resolver is to be told of what a checkout is built
// with. build must be read, and the requirements of v. Extensions are built against
// packages of the base, so that they have to be of its versions.
func ResolvingBuild(s *Stage, v *Venv, l *Layer, base *python.Lock, build *Requirements, environ []string) python.Request {
	r := python.Request{Python: l.Python, Platform: l.Platform, Modules: s.Modules, Environ: environ, File: wheelsFile, Base: base}
	r.Index, r.ExtraIndex = indexesOf(s)
	text := ""
	if v.Requirements != nil {
		lines, _ := v.indexLines()
		for _, line := range lines {
			text += line + "\n"
		}
		r.AnyIndex = v.Requirements.isProject()
	}
	r.Files = map[string][]byte{wheelsFile: append([]byte(text), build.Files[wheelsFile]...)}
	return r
}

// layer reads install.
func (b *Block) layer() *Layer {
	a := b.Group.get("install")
	elements, _ := b.list(a, "[clone.code]")
	l := &Layer{}
	seen := map[string]bool{}
	for _, e := range elements {
		if isNull(e.value) {
			continue
		}
		address, ok := b.stageOf(a.of(e), "clone", "install = [clone.code]")
		if !ok {
			continue
		}
		if seen[address] {
			b.fault(a, e.expr, "Installed twice", "%s stands in the list already.", address)
			continue
		}
		seen[address] = true
		if b.partial(address) {
			b.fault(a, e.expr, "Part of a checkout", "paths of %s leaves out its %s, without which it cannot be installed: leave paths out, or name all that the installation needs.", address, pyprojectFile)
			continue
		}
		l.Checkouts = append(l.Checkouts, Checkout{Tree: Tree{Stage: address, Path: pathOf(e.value)}})
	}
	if len(l.Checkouts) == 0 {
		return nil
	}
	return l
}

// partial reports whether a clone leaves out what it is installed by.
func (b *Block) partial(address string) bool {
	if b.Lookup == nil {
		return false
	}
	s := b.Lookup(address)
	return s != nil && s.Clone != nil && len(s.Clone.Paths) > 0 &&
		!slices.Contains(s.Clone.Paths, pyprojectFile) && !slices.Contains(s.Clone.Paths, "setup.py")
}

// findBuilds looks up what the checkouts are built with, once pins are known.
func (b *Block) findBuilds(s *Stage) {
	if s.Layer == nil || b.Facts == nil || b.diags.HasErrors() {
		return
	}
	s.Layer.Over(s.Venv, s.Venv.Lock)
	for i := range s.Layer.Checkouts {
		c := &s.Layer.Checkouts[i]
		clone, err := ParseAddress(c.Stage)
		if err == nil {
			c.Build, err = b.Facts.Requirements(clone, pyprojectFile)
		}
		if err != nil {
			b.fault(b.Group.get("install"), nil, "Cannot be installed", "%s: %s.", c.Stage, err)
			continue
		}
		var ok bool
		if c.Lock, ok = b.Facts.Packages(s.Layer.Asked(c.Build)); !ok {
			b.faultAt("Environment without a lock", "What %s is built with for %s is not locked: run runpipe lock.", c.Stage, b.Address)
			continue
		}
		if s.Venv.Lock != nil {
			c.Lock = c.Lock.Without(s.Venv.Lock) // the build sees what is in the base
		}
	}
	// Without packages nothing else says for which Python the base is.
	if first := s.Layer.Checkouts[0].Lock; s.Venv.Lock == nil && first != nil && python.Minor(s.Venv.Python) == "" {
		s.Venv.Python = first.Python
	}
}

// sourceHint tells those who give source beside install what it is not.
func sourceHint(install *Argument) string {
	if install == nil {
		return ""
	}
	return " The checkouts that install names need none."
}

// layerIngredients is what is laid over what, and what it is built with. A clone is
// named by its place in the store, so that a key that changed is told as the clone
// that moved.
func layerIngredients(l *Layer, keys map[string]string, in map[string]any) {
	var install []string
	build, locks := map[string]string{}, map[string]string{}
	for _, c := range l.Checkouts {
		clone := "$WORKSPACE/store/" + keys[c.Stage]
		install = append(install, clone)
		if c.Lock != nil {
			maps.Copy(build, c.Lock.Versions()) // for the reasons; what counts is the digest
			locks[clone] = c.Lock.Digest()
		}
	}
	in["base"], in["install"] = keys[l.Base], install
	in["build"], in["build_hashes"] = build, locks
}

// about says which commits a layer is made of, for the head of its script.
func (l *Layer) about(pinned map[string]Pinned) []string {
	var lines []string
	for _, c := range l.Checkouts {
		if p, ok := pinned[c.Stage]; ok && p.Commit != "" {
			lines = append(lines, fmt.Sprintf("It installs %s, pinned to %s %.7s.", c.Stage, repositoryName(p.Repository), p.Commit))
		}
	}
	return lines
}
