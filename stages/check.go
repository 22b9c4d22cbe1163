package stages

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// checks reads the check blocks: their texts are kept, to be judged in the job,
// and are tried here on metrics that are not known yet.
func (b *Block) checks() []Check {
	var checks []Check
	seen := map[string]bool{}
	for _, g := range b.Group.groups("check") {
		name := g.label("name")
		condition, message := g.get("condition"), g.get("error_message")
		if condition == nil || message == nil {
			continue // said by the schema
		}
		if seen[name] || name == "" || hasControl(name) {
			b.fault(condition, nil, "Invalid name", "%q: a check needs a name of one line that no other check of the stage has.", name)
			continue
		}
		seen[name] = true
		if c, ok := b.check(name, condition, message); ok {
			c.Warn = b.flag(g.get("warn"))
			checks = append(checks, c)
		}
	}
	return checks
}

func (b *Block) check(name string, condition, message *Argument) (Check, bool) {
	c := Check{Name: name}
	conditionText, ok1 := b.source(condition)
	messageText, ok2 := b.source(message)
	c.Condition, c.Message = conditionText, messageText
	scope := b.judgedScope()
	ok3 := b.typed(condition, scope, cty.Bool)
	ok4 := b.typed(message, scope, cty.String)
	ok5 := b.keepScope(&c, condition, message)
	return c, ok1 && ok2 && ok3 && ok4 && ok5
}

// judgedScope is what a check sees besides var and local: the metrics, with
// their names where all of them are known.
func (b *Block) judgedScope() map[string]cty.Value {
	scope := map[string]cty.Value{"metrics": b.ownMetrics()}
	for kind, stages := range b.judgedStages() {
		scope[kind] = cty.ObjectVal(stages)
	}
	return scope
}

func (b *Block) ownMetrics() cty.Value {
	if b.Group.get("metrics") != nil {
		return cty.DynamicVal
	}
	all := map[string]cty.Value{}
	for _, g := range b.Group.groups("metric") {
		all[g.label("name")] = cty.UnknownVal(cty.Number)
	}
	return cty.ObjectVal(all)
}

// metricsOf is the metrics of another stage.
func (b *Block) metricsOf(address string) cty.Value {
	var s *Stage
	if b.Lookup != nil {
		s = b.Lookup(address)
	}
	if s == nil || s.Metrics != "" {
		return cty.DynamicVal
	}
	all := map[string]cty.Value{}
	for _, m := range s.Metric {
		all[m.Name] = cty.UnknownVal(cty.Number)
	}
	return cty.ObjectVal(all)
}

// judgedStages is the stages that checks refer to, by kind and name, with their
// metrics. One of which a check wants something else fits anything, since that
// is a fault already.
func (b *Block) judgedStages() map[string]map[string]cty.Value {
	stages := map[string]map[string]cty.Value{}
	for _, g := range b.Group.groups("check") {
		for _, a := range []*Argument{g.get("condition"), g.get("error_message")} {
			if a == nil {
				continue
			}
			for _, t := range a.Expr.Variables() {
				kind, name := stageReference(t)
				if kind == "" {
					continue
				}
				if stages[kind] == nil {
					stages[kind] = map[string]cty.Value{}
				}
				value := cty.ObjectVal(map[string]cty.Value{"metrics": b.metricsOf(kind + "." + name)})
				if !asksForMetrics(t) {
					value = cty.DynamicVal
				}
				if old, twice := stages[kind][name]; !twice || old.IsKnown() {
					stages[kind][name] = value
				}
			}
		}
	}
	return stages
}

func asksForMetrics(t hcl.Traversal) bool {
	if len(t) < 3 {
		return false
	}
	step, ok := t[2].(hcl.TraverseAttr)
	return ok && step.Name == "metrics"
}

func stageReference(t hcl.Traversal) (kind, name string) {
	if len(t) < 2 || KindOf(t.RootName()) == nil {
		return "", ""
	}
	if step, ok := t[1].(hcl.TraverseAttr); ok {
		return t.RootName(), step.Name
	}
	return "", ""
}

// typed tries a deferred expression on metrics that are not known, and expects a type.
func (b *Block) typed(a *Argument, scope map[string]cty.Value, want cty.Type) bool {
	context := a.Context.NewChild()
	context.Variables, context.Functions = scope, b.JudgedFunctions
	value, diags := a.Expr.Value(context)
	if diags.HasErrors() {
		b.diags = append(b.diags, diags...)
		return false
	}
	at := &Argument{Name: a.Name, Value: value, Expr: a.Expr, Context: context}
	before := len(b.diags)
	plain := b.plain(at)
	if len(b.diags) > before {
		return false
	}
	if _, err := convert.Convert(plain, want); err != nil || plain.IsNull() {
		b.fault(at, nil, unsuitable, "%s must be a %s.", a.Name, want.FriendlyName())
		return false
	}
	return true
}

// keepScope keeps the variables and locals that the texts use, and which
// stages' metrics.
func (b *Block) keepScope(c *Check, texts ...*Argument) bool {
	scope, upstreams := map[string]map[string]cty.Value{}, map[string]bool{}
	complete := true
	for _, a := range texts {
		for _, t := range a.Expr.Variables() {
			if kind, name := stageReference(t); kind != "" {
				upstreams[kind+"."+name] = true
				b.follow(kind + "." + name)
				continue
			}
			complete = b.keepValue(a, t, scope) && complete
		}
	}
	c.Upstreams = slices.Sorted(maps.Keys(upstreams))
	if !complete || len(scope) == 0 {
		return complete
	}
	objects := map[string]cty.Value{}
	for root, values := range scope {
		objects[root] = cty.ObjectVal(values)
	}
	data, err := ctyjson.SimpleJSONValue{Value: cty.ObjectVal(objects)}.MarshalJSON()
	if err != nil {
		b.fault(texts[0], nil, unsuitable, "A value that the check uses cannot be kept: %s.", err)
		return false
	}
	c.Scope = data
	return true
}

// keepValue puts the variable or local that t begins with into scope.
func (b *Block) keepValue(a *Argument, t hcl.Traversal, scope map[string]map[string]cty.Value) bool {
	root := t.RootName()
	step, ok := stepOf(t)
	if root == "metrics" {
		return true
	}
	object, there := a.Context.Variables[root]
	if !ok || !there || !object.Type().IsObjectType() || !object.IsKnown() || !object.Type().HasAttribute(step) {
		return false // said when the reference was looked at
	}
	value := object.GetAttr(step)
	if IsSensitive(value) {
		b.refuseSensitive(a, a.Expr)
		return false
	}
	b.use(value)
	value, _ = value.UnmarkDeep()
	if !value.IsWhollyKnown() {
		return b.Facts == nil // a pin is missing, or something was wrong with it
	}
	if scope[root] == nil {
		scope[root] = map[string]cty.Value{}
	}
	scope[root][step] = value
	return true
}

func stepOf(t hcl.Traversal) (string, bool) {
	if len(t) < 2 {
		return "", false
	}
	switch step := t[1].(type) {
	case hcl.TraverseAttr:
		return step.Name, true
	case hcl.TraverseIndex:
		if isText(step.Key) {
			return strings.Clone(step.Key.AsString()), true
		}
	}
	return "", false
}
