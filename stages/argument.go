package stages

import (
	"reflect"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/customdecode"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
)

// Argument is an argument's value together with the expression that it comes
// from, so that a fault in one element of a list is shown under that element.
type Argument struct {
	Name    string
	Value   cty.Value // with its marks; unknown where a pin is needed first
	Expr    hcl.Expression
	Context *hcl.EvalContext
}

// argumentType decodes to an evaluated Argument, deferredType to one without a
// value, as for conditions that are judged in the job.
var (
	argumentType = argumentCapsule("argument", hcl.Expression.Value)
	deferredType = argumentCapsule("deferred argument", func(hcl.Expression, *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
		return cty.DynamicVal, nil
	})
)

func argumentCapsule(name string, evaluate func(hcl.Expression, *hcl.EvalContext) (cty.Value, hcl.Diagnostics)) cty.Type {
	var self cty.Type
	decode := func(expr hcl.Expression, context *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
		value, diags := evaluate(expr, context)
		return cty.CapsuleVal(self, &Argument{Value: value, Expr: expr, Context: context}), diags
	}
	self = cty.CapsuleWithOps(name, reflect.TypeFor[Argument](), &cty.CapsuleOps{
		ExtensionData: func(key any) any {
			if key == customdecode.CustomExpressionDecoder {
				return customdecode.CustomExpressionDecoderFunc(decode)
			}
			return nil
		},
	})
	return self
}

// arguments makes a spec of optional arguments, each decoded to an Argument.
func arguments(names ...string) hcldec.ObjectSpec {
	spec := hcldec.ObjectSpec{}
	for _, name := range names {
		spec[name] = &hcldec.AttrSpec{Name: name, Type: argumentType}
	}
	return spec
}

func required(name string) hcldec.Spec {
	return &hcldec.AttrSpec{Name: name, Type: argumentType, Required: true}
}

func deferred(name string) hcldec.Spec {
	return &hcldec.AttrSpec{Name: name, Type: deferredType, Required: true}
}

// Group holds the arguments of one block, as hcldec decoded them.
type Group struct{ object cty.Value }

// get is an argument, or nil if it is not given or null.
func (g Group) get(name string) *Argument {
	v := g.child(name)
	if v == cty.NilVal || v.IsNull() || !v.IsKnown() || !v.Type().IsCapsuleType() {
		return nil
	}
	a := *v.EncapsulatedValue().(*Argument)
	a.Name = name
	if plain, _ := a.Value.Unmark(); plain.IsNull() {
		return nil
	}
	return &a
}

// isNull reports whether an argument is there and has the value null.
func (g Group) isNull(name string) bool {
	v := g.child(name)
	return v != cty.NilVal && !v.IsNull() && v.Type().IsCapsuleType() && g.get(name) == nil
}

// group is a nested block; an absent one has no arguments.
func (g Group) group(name string) Group { return Group{g.child(name)} }

// groups is the nested blocks of a type that may be repeated, in order.
func (g Group) groups(name string) []Group {
	v := g.child(name)
	if v == cty.NilVal || v.IsNull() || !v.IsKnown() {
		return nil
	}
	var all []Group
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		all = append(all, Group{element})
	}
	return all
}

// label is a decoded label of the block.
func (g Group) label(name string) string {
	v := g.child(name)
	if v == cty.NilVal || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}

func (g Group) child(name string) cty.Value {
	v := g.object
	if v == cty.NilVal || v.IsNull() || !v.IsKnown() || !v.Type().IsObjectType() || !v.Type().HasAttribute(name) {
		return cty.NilVal
	}
	return v.GetAttr(name)
}
