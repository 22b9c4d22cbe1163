package functions

import (
	"errors"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

func isSequence(t cty.Type) bool {
	return t.IsListType() || t.IsSetType() || t.IsTupleType()
}

// elements is the elements of a known list, set or tuple, each converted.
func elements(list cty.Value, to cty.Type) ([]cty.Value, error) {
	all := list.AsValueSlice()
	for i, v := range all {
		converted, err := convert.Convert(v, to)
		if err != nil {
			return nil, function.NewArgErrorf(0, "element %d: %s", i, err)
		}
		all[i] = converted
	}
	return all, nil
}

var (
	allTrue = ofBools(false) // a false element decides
	anyTrue = ofBools(true)  // a true element decides
)

// ofBools is a function over a list of bools that one element equal to decisive
// decides. A null counts as false.
func ofBools(decisive bool) function.Function {
	return function.New(&function.Spec{
		Params:       []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}},
		Type:         function.StaticReturnType(cty.Bool),
		RefineResult: notNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			result := cty.BoolVal(!decisive)
			for _, v := range args[0].AsValueSlice() {
				switch {
				case !v.IsKnown():
					result = cty.UnknownVal(cty.Bool)
				case (!v.IsNull() && v.True()) == decisive:
					return cty.BoolVal(decisive), nil
				}
			}
			return result, nil
		},
	})
}

// coalesce skips empty strings too, as Terraform's does and cty's does not.
var coalesce = function.New(&function.Spec{
	VarParam: &function.Parameter{
		Name: "vals", Type: cty.DynamicPseudoType, AllowUnknown: true, AllowDynamicType: true, AllowNull: true,
	},
	Type: func(args []cty.Value) (cty.Type, error) {
		types := make([]cty.Type, len(args))
		for i, v := range args {
			types[i] = v.Type()
		}
		t, _ := convert.UnifyUnsafe(types)
		if t == cty.NilType {
			return cty.NilType, errors.New("all arguments must have the same type")
		}
		return t, nil
	},
	RefineResult: notNull,
	Impl: func(args []cty.Value, want cty.Type) (cty.Value, error) {
		for _, v := range args {
			if !v.IsKnown() {
				return cty.UnknownVal(want), nil
			}
			if v.IsNull() || v.RawEquals(cty.StringVal("")) {
				continue
			}
			return convert.Convert(v, want)
		}
		return cty.NilVal, errors.New("every argument is null or an empty string")
	},
})

// length counts a string's characters and an object's attributes too, as
// Terraform's does.
var length = function.New(&function.Spec{
	Params: []function.Parameter{{
		Name: "value", Type: cty.DynamicPseudoType, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true,
	}},
	Type: func(args []cty.Value) (cty.Type, error) {
		t := args[0].Type()
		if !isSequence(t) && !t.IsMapType() && !t.IsObjectType() && t != cty.String && t != cty.DynamicPseudoType {
			return cty.NilType, function.NewArgErrorf(0, "a %s has no length: a string, list, set or map is needed", t.FriendlyName())
		}
		return cty.Number, nil
	},
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		v, marks := args[0].Unmark()
		t := v.Type()
		switch {
		case t == cty.DynamicPseudoType:
			return cty.UnknownVal(cty.Number).WithMarks(marks), nil
		case t.IsObjectType():
			return cty.NumberIntVal(int64(len(t.AttributeTypes()))).WithMarks(marks), nil
		case t == cty.String:
			n, err := stdlib.Strlen(v)
			return n.WithMarks(marks), err
		}
		return v.Length().WithMarks(marks), nil
	},
})

// indexOf finds a value in a list, as Terraform's index does; cty's function of
// that name is a subscript.
var indexOf = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "list", Type: cty.DynamicPseudoType},
		{Name: "value", Type: cty.DynamicPseudoType, AllowNull: true},
	},
	Type: func(args []cty.Value) (cty.Type, error) {
		if t := args[0].Type(); !t.IsListType() && !t.IsTupleType() {
			return cty.NilType, function.NewArgErrorf(0, "a list is needed, not %s", t.FriendlyName())
		}
		return cty.Number, nil
	},
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		for i, v := range args[0].AsValueSlice() {
			equal := v.Equals(args[1])
			if !equal.IsKnown() {
				return cty.UnknownVal(cty.Number), nil
			}
			if equal.True() {
				return cty.NumberIntVal(int64(i)), nil
			}
		}
		return cty.NilVal, errors.New("no element of the list equals the value")
	},
})

var one = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
	Type: func(args []cty.Value) (cty.Type, error) {
		t := args[0].Type()
		switch {
		case t.IsListType() || t.IsSetType():
			return t.ElementType(), nil
		case !t.IsTupleType():
			return cty.NilType, function.NewArgErrorf(0, "a list, set or tuple is needed, not %s", t.FriendlyName())
		}
		switch t.Length() {
		case 0:
			return cty.DynamicPseudoType, nil
		case 1:
			return t.TupleElementType(0), nil
		}
		return cty.NilType, function.NewArgErrorf(0, "at most one element is allowed, and there are %d", t.Length())
	},
	Impl: func(args []cty.Value, want cty.Type) (cty.Value, error) {
		if n := args[0].Length(); !n.IsKnown() { // a set with unknown elements
			return cty.UnknownVal(want), nil
		}
		switch all := args[0].AsValueSlice(); len(all) {
		case 0:
			return cty.NullVal(want), nil
		case 1:
			return all[0], nil
		default:
			return cty.NilVal, function.NewArgErrorf(0, "at most one element is allowed, and there are %d", len(all))
		}
	},
})
