package stages

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// decodeEnvironment takes the whole environment stage, with its modules.
func (b *Block) decodeEnvironment(s *Stage) {
	a := b.Group.get("environment")
	address, ok := b.stageOf(a, "environment", "environment = environment.python")
	if !ok {
		return
	}
	s.Environment = address
	if b.Lookup == nil {
		return
	}
	if environment := b.Lookup(address); environment != nil {
		s.Modules = environment.Modules
		if environment.Layer != nil {
			s.Base = environment.Layer.Base // an input, since the environment's path is the base's
		}
	}
}

// tree takes a whole clone stage.
func (b *Block) tree(a *Argument) *Tree {
	address, ok := b.stageOf(a, "clone", "source = clone.code")
	if !ok {
		return nil
	}
	return &Tree{Stage: address, Path: pathOf(a.Value)}
}

// pathOf is the path of a whole stage, "" while it is not known.
func pathOf(stage cty.Value) string {
	whole, _ := stage.Unmark()
	if p, _ := whole.GetAttr("path").UnmarkDeep(); p.IsKnown() {
		return p.AsString()
	}
	return ""
}

// stageOf is the address of the stage of the given kind that an argument is.
func (b *Block) stageOf(a *Argument, kind, example string) (string, bool) {
	if a == nil {
		return "", false
	}
	b.use(a.Value)
	address := identity(a.Value)
	whole, _ := a.Value.UnmarkDeep()
	switch {
	case address != "" && strings.HasPrefix(address, kind+"."):
		return address, true
	case address != "":
		b.fault(a, nil, unsuitable, "%s must be a stage of kind %s, and this is %s.", a.Name, kind, address)
	case !whole.IsKnown() && whole.Type() == cty.DynamicPseudoType:
		// what is wrong with it was said already
	default:
		b.fault(a, nil, unsuitable, "%s takes the whole stage, without quotes: %s.%s", a.Name, example, wholeHint(a.Expr, kind))
	}
	return "", false
}

// wholeHint finds clone.code in clone.code.path.
func wholeHint(expr hcl.Expression, kind string) string {
	traversal, diags := hcl.AbsTraversalForExpr(expr)
	if diags.HasErrors() || len(traversal) < 3 || traversal.RootName() != kind {
		return ""
	}
	if name, ok := traversal[1].(hcl.TraverseAttr); ok {
		return " Did you mean " + kind + "." + name.Name + "?"
	}
	return ""
}

// identity is the address of the stage that v is the whole of, or "".
func identity(v cty.Value) string {
	whole, _ := v.Unmark()
	if !whole.IsKnown() || whole.IsNull() || !whole.Type().IsObjectType() || !whole.Type().HasAttribute("address") {
		return ""
	}
	address, marks := whole.GetAttr("address").Unmark()
	if address.Type() != cty.String || !address.IsKnown() || address.IsNull() {
		return ""
	}
	if _, genuine := marks[Origin{Address: address.AsString()}]; !genuine {
		return "" // an object that somebody wrote
	}
	return address.AsString()
}

// Identity is the attribute by which a whole stage is known again.
func Identity(address string) cty.Value {
	return cty.StringVal(address).Mark(Origin{Address: address})
}

// decodeAfter reads after, which takes whole stages.
func (b *Block) decodeAfter() {
	a := b.Group.get("after")
	elements, _ := b.list(a, "[train.cnn]")
	for _, e := range elements {
		if isNull(e.value) {
			continue
		}
		if address := identity(e.value); address != "" {
			b.follow(address)
		} else if v, _ := e.value.Unmark(); v.IsKnown() || v.Type() != cty.DynamicPseudoType {
			b.fault(a, e.expr, unsuitable, "after takes whole stages, without quotes: after = [train.cnn].")
		}
	}
}

// objectHint tells what of a whole stage can be written into a command.
func objectHint(v cty.Value) string {
	address := identity(v)
	kind, _, _ := strings.Cut(address, ".")
	switch kind {
	case "":
		return " jsonencode(…) makes a text of anything."
	case "clone", "environment", "data":
		return " Did you mean " + address + ".path?"
	}
	return " Did you mean one of " + address + ".outputs?"
}
