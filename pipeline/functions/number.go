package functions

import (
	"errors"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// finite is a function of numbers whose result must be a finite number: the
// standard library panics where the result is not a number, such as log(-1, 2).
func finite(f function.Function) function.Function {
	return function.New(&function.Spec{
		Params:       f.Params(),
		Type:         function.StaticReturnType(cty.Number),
		RefineResult: notNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, err := f.Call(args)
			var panicked function.PanicError
			if errors.As(err, &panicked) || err == nil && v.AsBigFloat().IsInf() {
				return cty.NilVal, errors.New("the result is not a finite number")
			}
			return v, err
		},
	})
}

// sum adds in cty's own precision, so that the order does not matter.
var sum = function.New(&function.Spec{
	Params:       []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
	Type:         numbersOnly,
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(cty.Number), nil
		}
		numbers, err := elements(args[0], cty.Number)
		if err != nil {
			return cty.NilVal, err
		}
		if len(numbers) == 0 {
			return cty.NilVal, function.NewArgErrorf(0, "an empty list has no sum")
		}
		total := cty.Zero
		for _, n := range numbers {
			if n.IsNull() {
				return cty.NilVal, function.NewArgErrorf(0, "a null has no sum")
			}
			if n.AsBigFloat().IsInf() {
				return cty.NilVal, function.NewArgErrorf(0, "an infinite number has no sum")
			}
			total = total.Add(n)
		}
		return total, nil
	},
})

func numbersOnly(args []cty.Value) (cty.Type, error) {
	if !isSequence(args[0].Type()) {
		return cty.NilType, function.NewArgErrorf(0, "a list of numbers is needed, not %s", args[0].Type().FriendlyName())
	}
	return cty.Number, nil
}
