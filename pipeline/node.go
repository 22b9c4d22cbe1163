package pipeline

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"

	"github.com/runpipe/runpipe/stages"
)

// node is what has a value of its own: a local, the defaults, a stage, an output.
type node struct {
	name       string    // local.x, defaults, train.x, output.x
	at         hcl.Range // of its header
	attribute  *hcl.Attribute
	block      *hcl.Block
	kind       stages.Kind // of a stage
	references []reference
	needs      []string // names of the nodes that come first, sorted
	cyclic     bool     // part of a cycle, or behind one
}

const defaultsNode = "defaults"

// addNodes makes the nodes, with the traversals that they use still unresolved.
func (p *Pipeline) addNodes(found parts) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, block := range found.locals {
		attributes, more := block.Body.JustAttributes()
		diags = append(diags, reword(more, nil)...)
		for _, name := range slices.Sorted(maps.Keys(attributes)) {
			attr := attributes[name]
			diags = append(diags, p.addNode(&node{name: "local." + name, at: attr.NameRange, attribute: attr})...)
		}
	}
	if found.defaults != nil {
		diags = append(diags, p.addNode(&node{name: defaultsNode, at: found.defaults.DefRange, block: found.defaults})...)
	}
	for _, block := range slices.Concat(found.stages, found.outputs) {
		n := &node{name: block.Type + "." + block.Labels[0], at: block.DefRange, block: block, kind: stages.KindOf(block.Type)}
		var first *hcl.Range
		if other := p.nodes[n.name]; other != nil {
			first = &other.at
		}
		if d := named(block, first); d != nil {
			diags = append(diags, d)
		}
		if first == nil {
			p.nodes[n.name] = n
		}
	}
	return diags
}

func (p *Pipeline) addNode(n *node) hcl.Diagnostics {
	if other := p.nodes[n.name]; other != nil {
		return hcl.Diagnostics{fault(n.at, "Duplicate name", "%s stands at %s already: each needs a name of its own.", n.name, at(other.at))}
	}
	p.nodes[n.name] = n
	return nil
}

// usage is a traversal, and what may be referred to where it stands.
type usage struct {
	traversal hcl.Traversal
	place     place
}

// place says what an expression may refer to.
type place int

const (
	plainPlace    place = iota // var, local, stages
	defaultsPlace              // var, local
	checkPlace                 // metrics, var, local, the metrics of stages
	metricPlace                // metrics
)

// usages is all traversals of a node.
func (n *node) usages() []usage {
	var all []usage
	add := func(traversals []hcl.Traversal, where place) {
		for _, t := range traversals {
			all = append(all, usage{t, where})
		}
	}
	switch {
	case n.attribute != nil:
		add(n.attribute.Expr.Variables(), plainPlace)
	case n.kind != nil:
		plain, judged, measured := stages.References(n.kind, n.block.Body)
		add(plain, plainPlace)
		add(judged, checkPlace)
		add(measured, metricPlace)
	case n.name == defaultsNode:
		add(hcldec.Variables(n.block.Body, stages.DefaultsSpec()), defaultsPlace)
	default:
		add(hcldec.Variables(n.block.Body, outputSpec), plainPlace)
	}
	return all
}
