package stages

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// element is one element of a list or map, with its marks, and where it is written.
type element struct {
	key   string // of a map
	value cty.Value
	name  hcl.Expression // where the key is written
	expr  hcl.Expression // where the value is written, or the whole argument
}

// list is the elements of an argument that is a list; ok is false if it is not,
// or not known.
func (b *Block) list(a *Argument, example string) (elements []element, ok bool) {
	if a == nil {
		return nil, false
	}
	whole, marks := a.Value.Unmark()
	if !whole.IsKnown() {
		b.use(a.Value)
		return nil, false
	}
	if !isSequence(whole.Type()) {
		b.use(a.Value)
		b.fault(a, nil, unsuitable, "%s must be a list, such as %s.", a.Name, example)
		return nil, false
	}
	exprs := elementExprs(a.Expr)
	if len(exprs) != whole.LengthInt() {
		exprs = nil
	}
	for it := whole.ElementIterator(); it.Next(); {
		_, v := it.Element()
		e := element{value: v.WithMarks(marks), expr: a.Expr}
		if exprs != nil {
			e.expr = exprs[len(elements)]
		}
		elements = append(elements, e)
	}
	return elements, true
}

// entries is the elements of an argument that is a map or an object, by key.
func (b *Block) entries(a *Argument, example string) (elements []element, ok bool) {
	if a == nil {
		return nil, false
	}
	whole, marks := a.Value.Unmark()
	if !whole.IsKnown() {
		b.use(a.Value)
		return nil, false
	}
	if ty := whole.Type(); !ty.IsObjectType() && !ty.IsMapType() {
		b.use(a.Value)
		b.fault(a, nil, unsuitable, "%s must be a map, such as %s.", a.Name, example)
		return nil, false
	}
	written := entryExprs(a)
	values := whole.AsValueMap()
	for _, key := range slices.Sorted(maps.Keys(values)) {
		e := element{key: key, value: values[key].WithMarks(marks), name: a.Expr, expr: a.Expr}
		if pair, ok := written[key]; ok {
			e.name, e.expr = pair.Key, pair.Value
		}
		elements = append(elements, e)
	}
	return elements, true
}

// of is an element as an argument of its own, for the readers of Block.
func (a *Argument) of(e element) *Argument {
	return &Argument{Name: a.Name, Value: e.value, Expr: e.expr, Context: a.Context}
}

func isNull(v cty.Value) bool {
	v, _ = v.Unmark()
	return v.IsNull()
}

func isSequence(ty cty.Type) bool {
	return ty.IsTupleType() || ty.IsListType() || ty.IsSetType()
}

func elementExprs(expr hcl.Expression) []hcl.Expression {
	exprs, diags := hcl.ExprList(expr)
	if diags.HasErrors() {
		return nil
	}
	return exprs
}

func entryExprs(a *Argument) map[string]hcl.KeyValuePair {
	pairs, diags := hcl.ExprMap(a.Expr)
	if diags.HasErrors() {
		return nil
	}
	written := map[string]hcl.KeyValuePair{}
	for _, pair := range pairs {
		key, diags := pair.Key.Value(a.Context)
		key, _ = key.Unmark()
		if !diags.HasErrors() && key.Type() == cty.String && key.IsKnown() && !key.IsNull() {
			written[key.AsString()] = pair
		}
	}
	return written
}

// locate is the expression of the element of the argument that path leads to, as
// far as it is written out.
func locate(a *Argument, path cty.Path) hcl.Expression {
	at := *a
	for _, step := range path {
		next := stepInto(&at, step)
		if next == nil {
			break
		}
		at.Expr = next
	}
	return at.Expr
}

func stepInto(a *Argument, step cty.PathStep) hcl.Expression {
	name := ""
	switch step := step.(type) {
	case cty.GetAttrStep:
		name = step.Name
	case cty.IndexStep:
		key, _ := step.Key.Unmark()
		if !key.IsKnown() || key.IsNull() {
			return nil
		}
		if key.Type() == cty.Number {
			exprs := elementExprs(a.Expr)
			if i, _ := key.AsBigFloat().Int64(); i >= 0 && int(i) < len(exprs) {
				return exprs[i]
			}
			return nil
		}
		if key.Type() != cty.String {
			return nil
		}
		name = key.AsString()
	}
	if pair, ok := entryExprs(a)[name]; ok {
		return pair.Value
	}
	return nil
}
