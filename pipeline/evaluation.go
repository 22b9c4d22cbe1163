package pipeline

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

// Facts is what evaluation needs to know that is not in the file.
type Facts interface {
	// Pin is what the clone with this address was pinned to.
	Pin(address string) (git.Pin, bool)
	// Requirements reads what an environment asks for in a file of a pinned clone:
	// see stages.ReadPinned.
	Requirements(clone stages.Address, path string) (*stages.Requirements, error)
	// Packages is what the lock file has for an environment.
	Packages(asked python.Asked) (*python.Lock, bool)
	// Data is the sha256, in hex, of what the lock file has for data.
	Data(asked string) (stages.DataPin, bool)
	// FileDigest is the digest of a file on this machine, "sha256:<hex>".
	FileDigest(path string) (string, error)
	// Output is the absolute path at which the store has, or will have, an output
	// of the stage with this key.
	Output(key, path string) string
	// Root is the workspace's path, which keys do without.
	Root() string
}

// Evaluated is a pipeline without any expression left.
type Evaluated struct {
	Stages  []*stages.Stage // dependencies first, then by address
	Outputs []Output        // by name
}

// Evaluate evaluates the pipeline with its pins known. Only a pipeline without
// faults has a value.
func (p *Pipeline) Evaluate(f Facts) (*Evaluated, hcl.Diagnostics) {
	if p.faulty {
		return nil, hcl.Diagnostics{nowhere("Faulty pipeline", "%s has faults, and cannot be evaluated.", p.file)}
	}
	e := p.evaluate(f)
	if e.diags.HasErrors() {
		return nil, p.shorten(Sort(e.diags))
	}
	return &Evaluated{Stages: inOrder(e.stages), Outputs: e.outputs}, p.shorten(Sort(e.diags))
}

// evaluation is one pass over all nodes.
type evaluation struct {
	p        *Pipeline
	facts    Facts // nil while the pipeline is only checked
	values   map[string]cty.Value
	stages   map[string]*stages.Stage // by address, those without faults
	requests []Clone
	data     []Data
	keys     map[string]string
	defaults cty.Value
	outputs  []Output
	diags    hcl.Diagnostics
}

func (p *Pipeline) evaluate(f Facts) *evaluation {
	e := &evaluation{
		p: p, facts: f, values: map[string]cty.Value{},
		stages: map[string]*stages.Stage{}, keys: map[string]string{}, defaults: cty.NilVal,
	}
	for _, n := range p.order {
		e.values[n.name] = cty.DynamicVal
		if n.cyclic {
			continue
		}
		switch {
		case n.attribute != nil:
			e.local(n)
		case n.kind != nil:
			e.stage(n)
		case n.name == defaultsNode:
			e.readDefaults(n)
		default:
			e.output(n)
		}
	}
	return e
}

func (e *evaluation) local(n *node) {
	value, diags := n.attribute.Expr.Value(e.scope(n))
	e.report(diags, n)
	if !diags.HasErrors() {
		e.values[n.name] = value
	}
}

func (e *evaluation) readDefaults(n *node) {
	value, diags := hcldec.Decode(n.block.Body, stages.DefaultsSpec(), e.scope(n))
	e.report(diags, n)
	more := stages.CheckDefaults(value, n.at)
	e.report(more, n)
	if !diags.HasErrors() && !more.HasErrors() {
		e.defaults = value
	}
}

// stage evaluates one stage's block, and gives it its key and its value.
func (e *evaluation) stage(n *node) {
	body, diags := withoutRepetition(n.block.Body)
	scope := e.scope(n)
	object, more := hcldec.Decode(body, stages.Spec(n.kind), scope)
	diags = append(diags, more...)
	b := &stages.Block{
		Address: stages.Address{Kind: n.kind.Name(), Name: n.block.Labels[0]}, Range: n.at, Dir: e.p.Dir,
		Group: stages.NewGroup(object), Defaults: stages.DefaultsFor(n.kind.Name(), e.defaults),
		Lookup: func(address string) *stages.Stage { return e.stages[address] },
		Source: e.p.source, JudgedFunctions: e.p.judged,
	}
	if e.facts != nil {
		b.Facts = e.facts
	}
	s, more := stages.Decode(n.kind, b)
	diags = append(diags, more...)
	e.report(diags, n)
	if diags.HasErrors() {
		return
	}
	address, built := s.Address.String(), s
	if base := s.TakeBase(); base != nil {
		built = base
		e.add(base)
	}
	e.add(s)
	if b.Request != nil {
		e.requests = append(e.requests, Clone{
			Address: s.Address, Repository: b.Request.Repository, Ref: b.Request.Ref, Paths: b.Request.Paths, Range: b.Request.Range,
		})
	}
	if b.Download != nil {
		e.data = append(e.data, Data{Address: s.Address, DataRequest: *b.Download})
	}
	attributes := n.kind.Attributes(s, func(path string) cty.Value { return e.place(built.Address.String(), built.Key, path) })
	attributes["address"] = stages.Identity(address)
	e.values[n.name] = cty.ObjectVal(attributes)
}

// add takes in a stage whose upstreams have their keys.
func (e *evaluation) add(s *stages.Stage) {
	address := s.Address.String()
	if e.facts != nil {
		s.Key = stages.Key(s, e.keys, e.facts.Root())
		e.keys[address] = s.Key
	}
	e.stages[address] = s
}

// place is where an output of a stage is: not known before the stage has its key.
func (e *evaluation) place(address, key, path string) cty.Value {
	if e.facts == nil {
		return cty.UnknownVal(cty.String).RefineNotNull().Mark(stages.Origin{Address: address})
	}
	full := e.facts.Output(key, path)
	return cty.StringVal(full).Mark(stages.Origin{Address: address, Path: full})
}

// report keeps diagnostics of a node, in our words.
func (e *evaluation) report(diags hcl.Diagnostics, n *node) {
	e.diags = append(e.diags, reword(diags, n)...)
}

// source is the text of an expression, to be read again where it is judged.
func (p *Pipeline) source(r hcl.Range) (string, bool) {
	file := p.Files[r.Filename]
	if file == nil || !r.CanSliceBytes(file.Bytes) {
		return "", false
	}
	return string(r.SliceBytes(file.Bytes)), true
}

// withoutRepetition takes out the arguments that repeat a stage.
func withoutRepetition(body hcl.Body) (hcl.Body, hcl.Diagnostics) {
	words := &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "for_each"}, {Name: "matrix"}}}
	content, rest, _ := body.PartialContent(words)
	if len(content.Attributes) == 0 {
		return body, nil
	}
	var diags hcl.Diagnostics
	for _, word := range words.Attributes {
		if attr := content.Attributes[word.Name]; attr != nil {
			diags = append(diags, fault(attr.NameRange, "Not there yet",
				"%s, which repeats a stage, is still to come: write one block for each, with what they share in locals and defaults.", word.Name))
		}
	}
	return rest, diags
}
