package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/stages"
)

// reference is a traversal, and what it begins with.
type reference struct {
	traversal hcl.Traversal
	root      string
	name      string          // second step; "" if there is none, or none is looked at
	target    string          // node that is referred to; "" for variables, metrics and faults
	fault     *hcl.Diagnostic // nil if it leads to something
}

// resolve finds what each node refers to.
func (p *Pipeline) resolve(body *hclsyntax.Body) hcl.Diagnostics {
	keys, diags := unquotedKeys(body)
	_, hasDefaults := p.nodes[defaultsNode]
	for _, name := range slices.Sorted(maps.Keys(p.nodes)) {
		n := p.nodes[name]
		script := n.script()
		needs := map[string]bool{}
		if n.kind != nil && hasDefaults {
			needs[defaultsNode] = true
		}
		for _, u := range n.usages() {
			if within(u.traversal.SourceRange(), keys) {
				n.references = append(n.references, reference{root: u.traversal.RootName(), fault: &hcl.Diagnostic{}})
				continue
			}
			r := p.reference(u.traversal, u.place)
			if r.fault != nil && script != nil && meantForShell(u.traversal, script) {
				r.fault = shellFault(u.traversal)
			}
			if r.fault != nil {
				diags = append(diags, r.fault)
			} else if r.target != "" {
				needs[r.target] = true
			}
			n.references = append(n.references, r)
		}
		n.needs = slices.Sorted(maps.Keys(needs))
	}
	return diags
}

// reference looks at a traversal that stands at a place of the given sort.
func (p *Pipeline) reference(t hcl.Traversal, where place) reference {
	r := reference{traversal: t, root: t.RootName()}
	refuse := func(summary, format string, args ...any) reference {
		r.fault = fault(t.SourceRange(), summary, format, args...)
		return r
	}
	isStage := stages.KindOf(r.root) != nil
	switch {
	case r.root == "metrics" && (where == checkPlace || where == metricPlace):
		return r
	case r.root == "metrics":
		return refuse("Metrics outside of a check", "Metrics are known only when the stage has run: they can be used in a check, not here.")
	case r.root == "each" || r.root == "matrix" || r.root == "module":
		return refuse("Not there yet", "%s is still to come: this version repeats no stages and knows no such blocks.", r.root)
	case r.root != "var" && r.root != "local" && !isStage:
		return refuse("Unknown name", "%s", p.unknownName(t, where))
	case where == metricPlace:
		return refuse("Unknown name", "A metric's value is taken from metrics alone, as in metrics.results.")
	case isStage && where == defaultsPlace:
		return refuse("Reference to a stage", "Defaults hold for every stage, and cannot use what one of them makes.")
	}
	if len(t) < 2 {
		return refuse("Incomplete reference", "%s", p.incomplete(r.root))
	}
	step, ok := t[1].(hcl.TraverseAttr)
	if !ok {
		return refuse("Incomplete reference", "%s is followed by a dot and a name. %s", r.root, p.incomplete(r.root))
	}
	r.name = step.Name
	if !p.has(r.root, step.Name) {
		r.fault = fault(t[:2].SourceRange(), unknownSummary(r.root), "There is no %s.%s.%s", r.root, step.Name, p.nearName(r.root, step.Name))
		return r
	}
	if r.root != "var" {
		r.target = r.root + "." + step.Name
	}
	if isStage {
		r.fault = metricsFault(t, where)
	}
	return r
}

// metricsFault holds the rule that checks see the metrics of other stages, and
// only checks do.
func metricsFault(t hcl.Traversal, where place) *hcl.Diagnostic {
	asks := ""
	if len(t) > 2 {
		if step, ok := t[2].(hcl.TraverseAttr); ok {
			asks = step.Name
		}
	}
	switch {
	case where == checkPlace && asks != "metrics":
		return fault(t.SourceRange(), "Metrics expected", "A check sees metrics, the metrics of other stages (train.cnn.metrics), var and local.")
	case where != checkPlace && asks == "metrics":
		return fault(t.SourceRange(), "Metrics outside of a check", "Metrics are known only when the stage has run: they can be used in a check, not here.")
	}
	return nil
}

func unknownSummary(root string) string {
	switch root {
	case "var":
		return "Unknown variable"
	case "local":
		return "Unknown local"
	}
	return "Unknown stage"
}

// has reports whether root.name is something.
func (p *Pipeline) has(root, name string) bool {
	if root == "var" {
		return p.variables[name] != nil
	}
	return p.nodes[root+"."+name] != nil
}

// names is what may follow a root, sorted.
func (p *Pipeline) names(root string) []string {
	if root == "var" {
		return slices.Sorted(maps.Keys(p.variables))
	}
	var names []string
	for name := range p.nodes {
		if rest, ok := strings.CutPrefix(name, root+"."); ok {
			names = append(names, rest)
		}
	}
	slices.Sort(names)
	return names
}

// nearName suggests a name of the same root, or the same name of another.
func (p *Pipeline) nearName(root, name string) string {
	for _, other := range roots() {
		if other != root && p.has(other, name) {
			return fmt.Sprintf(" Did you mean %s.%s?", other, name)
		}
	}
	if near := stages.Suggest(name, p.names(root)); near != "" {
		return fmt.Sprintf(" Did you mean %s.%s?", root, near)
	}
	switch names := p.names(root); {
	case len(names) == 1:
		return fmt.Sprintf(" There is %s.%s.", root, names[0])
	case len(names) > 1 && len(names) <= 8:
		return fmt.Sprintf(" There are %s.%s.", root, strings.Join(names, ", "+root+"."))
	}
	return ""
}

// roots is the first words of references, in the order in which they are tried.
func roots() []string {
	all := []string{"var", "local"}
	for _, k := range stages.Kinds() {
		all = append(all, k.Name())
	}
	return all
}

func (p *Pipeline) unknownName(t hcl.Traversal, where place) string {
	name := t.RootName()
	var hint string
	if len(t) == 1 {
		for _, root := range roots() {
			if p.has(root, name) {
				hint = fmt.Sprintf(" Did you mean %s.%s?", root, name)
				break
			}
		}
	}
	if hint == "" {
		known := roots()
		if where == checkPlace || where == metricPlace {
			known = append(known, "metrics")
		}
		if near := stages.Suggest(name, known); near != "" && len(t) > 1 {
			hint = fmt.Sprintf(" Did you mean %s?", near)
		}
	}
	if hint == "" && len(t) == 1 {
		hint = fmt.Sprintf(" If a text is meant, put it in quotes: \"%s\".", name)
	}
	return fmt.Sprintf("%q is not known here.%s", name, hint)
}

func (p *Pipeline) incomplete(root string) string {
	names := p.names(root)
	switch {
	case len(names) == 0:
		return fmt.Sprintf("There is none in this pipeline: %s.<name> would refer to one.", root)
	case len(names) > 8:
		return fmt.Sprintf("Write %s.<name>, such as %s.%s.", root, root, names[0])
	}
	return fmt.Sprintf("Write %s.%s.", root, strings.Join(names, " or "+root+"."))
}

// scope is what a node's expressions see: only what they refer to, since all of
// it for each stage would be quadratic. What is faulty is there with a value
// that fits everywhere, so that one fault does not make a second.
func (e *evaluation) scope(n *node) *hcl.EvalContext {
	variables := map[string]cty.Value{}
	objects := map[string]map[string]cty.Value{}
	for _, r := range n.references {
		switch {
		case r.name == "":
			if r.root != "metrics" || r.fault != nil {
				variables[r.root] = cty.DynamicVal
			}
		case r.root == "var" && r.fault == nil:
			variables["var"] = e.p.vars
		default:
			if objects[r.root] == nil {
				objects[r.root] = map[string]cty.Value{}
			}
			value, known := e.values[r.target]
			if r.fault != nil || !known {
				value = cty.DynamicVal
			}
			if old, twice := objects[r.root][r.name]; !twice || old.IsKnown() {
				objects[r.root][r.name] = value
			}
		}
	}
	for root, members := range objects {
		if _, taken := variables[root]; !taken {
			variables[root] = cty.ObjectVal(members)
		} else if root == "var" { // one reference is good and another is not
			whole := maps.Clone(e.p.vars.AsValueMap())
			if whole == nil {
				whole = map[string]cty.Value{}
			}
			maps.Copy(whole, members)
			variables[root] = cty.ObjectVal(whole)
		}
	}
	return &hcl.EvalContext{Variables: variables, Functions: e.p.functions}
}
