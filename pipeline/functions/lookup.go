package functions

import (
	"errors"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// lookup differs from cty's in what Terraform's does: the default may be left
// out or be null, and elements that are known are found beside unknown ones.
// Marks of elements that are not looked up do not reach the result.
var lookup = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "map", Type: cty.DynamicPseudoType, AllowMarked: true},
		{Name: "key", Type: cty.String, AllowMarked: true},
	},
	VarParam: &function.Parameter{
		Name: "default", Type: cty.DynamicPseudoType,
		AllowMarked: true, AllowNull: true, AllowUnknown: true, AllowDynamicType: true,
	},
	Type: lookupType,
	Impl: func(args []cty.Value, want cty.Type) (cty.Value, error) {
		collection, marks := args[0].Unmark()
		key, keyMarks := args[1].Unmark()
		if found, ok := element(collection, key); ok {
			return found.WithMarks(marks, keyMarks), nil
		}
		if len(args) < 3 {
			return cty.NilVal, function.NewArgErrorf(1, "the map has no element %q, and no default is given", key.AsString())
		}
		fallback, err := convert.Convert(args[2], want)
		if err != nil {
			return cty.NilVal, function.NewArgError(2, err)
		}
		return fallback.WithMarks(marks, keyMarks), nil
	},
})

// element is the element of a known map or object with the key.
func element(collection, key cty.Value) (cty.Value, bool) {
	if collection.Type().IsObjectType() {
		if !collection.Type().HasAttribute(key.AsString()) {
			return cty.NilVal, false
		}
		return collection.GetAttr(key.AsString()), true
	}
	if !collection.HasIndex(key).True() {
		return cty.NilVal, false
	}
	return collection.Index(key), true
}

func lookupType(args []cty.Value) (cty.Type, error) {
	if len(args) > 3 {
		return cty.NilType, errors.New("lookup takes a map, a key and at most one default")
	}
	t := args[0].Type()
	switch {
	case t.IsMapType():
		if len(args) == 3 {
			if _, err := convert.Convert(args[2], t.ElementType()); err != nil {
				return cty.NilType, function.NewArgErrorf(2, "the default must have the type of the map's elements: %s", err)
			}
		}
		return t.ElementType(), nil
	case !t.IsObjectType():
		return cty.NilType, function.NewArgErrorf(0, "a map or object is needed, not %s", t.FriendlyName())
	case !args[1].IsKnown():
		return cty.DynamicPseudoType, nil
	}
	key, _ := args[1].Unmark()
	switch {
	case t.HasAttribute(key.AsString()):
		return t.AttributeType(key.AsString()), nil
	case len(args) == 3:
		return args[2].Type(), nil
	}
	return cty.NilType, function.NewArgErrorf(1, "the object has no attribute %q, and no default is given", key.AsString())
}
