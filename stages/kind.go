package stages

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
)

// Kind is one kind of stage. A new one is a new file and a line in registry.
type Kind interface {
	// Name is the type of its blocks, and what its addresses begin with.
	Name() string

	// Spec is what its block may hold, besides what every stage may.
	Spec() hcldec.ObjectSpec

	// Decode fills in the stage from the kind's own arguments. Whatever it finds
	// wrong goes to b; what is not known yet it leaves as it is.
	Decode(b *Block, s *Stage)

	// Attributes is what expressions see of the stage: clone.x.<name>. output
	// gives the place of one of its outputs, by the path in the stage's store.
	Attributes(s *Stage, output func(path string) cty.Value) map[string]cty.Value
}

// registry has the kinds in the order in which messages list them.
var registry = []Kind{
	cloneKind{},
	environmentKind{},
	dataKind{},
	trainKind,
	evaluateKind{commandKind{name: "evaluate"}},
	genericKind,
}

// Kinds is all kinds of stage there are.
func Kinds() []Kind { return registry }

// KindOf is the kind with this name, or nil.
func KindOf(name string) Kind {
	for _, k := range registry {
		if k.Name() == name {
			return k
		}
	}
	return nil
}

// specs has each kind's whole spec, made once.
var specs = func() map[string]hcldec.ObjectSpec {
	all := map[string]hcldec.ObjectSpec{}
	for _, k := range registry {
		spec := merged(arguments("after"), placementBlocks())
		all[k.Name()] = merged(spec, k.Spec())
	}
	return all
}()

// Spec is what a block of this kind may hold.
func Spec(k Kind) hcldec.ObjectSpec { return specs[k.Name()] }

func merged(specs ...hcldec.ObjectSpec) hcldec.ObjectSpec {
	all := hcldec.ObjectSpec{}
	for _, spec := range specs {
		for name, s := range spec {
			all[name] = s
		}
	}
	return all
}

// Decode turns an evaluated block into a stage. The stage is whole only if
// there are no errors among the diagnostics and everything was known.
func Decode(k Kind, b *Block) (*Stage, hcl.Diagnostics) {
	s := &Stage{Address: b.Address, Range: b.Range}
	k.Decode(b, s)
	b.decodePlacement(s)
	b.decodeAfter()
	s.After, s.Inputs = b.dependencies()
	return s, b.diags
}
