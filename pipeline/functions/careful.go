package functions

import (
	"errors"
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/runpipe/runpipe/stages"
)

// careful makes up for what cty's function calls lack of what this package
// promises. A call that is not made because an argument is
// unknown forgets the marks of arguments that may be marked, and with them the
// references to other stages. And a panic inside a function comes out with a
// stack, or an error with the text of a secret: neither is to be shown.
func careful(f function.Function, description string) function.Function {
	spec := &function.Spec{
		Description: description,
		Type: func(args []cty.Value) (cty.Type, error) {
			t, err := f.ReturnTypeForValues(args)
			return t, presentable(err, args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			v, err := f.Call(args)
			if err != nil {
				return cty.NilVal, presentable(err, args)
			}
			if notCalled(f, args) {
				for _, arg := range args {
					_, marks := arg.UnmarkDeep()
					v = v.WithMarks(marks)
				}
			}
			return v, nil
		},
	}
	for _, p := range f.Params() {
		spec.Params = append(spec.Params, permissive(p))
	}
	if p := f.VarParam(); p != nil {
		variadic := permissive(*p)
		spec.VarParam = &variadic
	}
	return function.New(spec)
}

// permissive lets all through to the function inside, whose own parameter decides.
func permissive(p function.Parameter) function.Parameter {
	p.AllowMarked, p.AllowUnknown, p.AllowDynamicType = true, true, true
	return p
}

// notCalled reports whether cty answers the call by itself, since the function
// does not take an argument that is as unknown as one of these.
func notCalled(f function.Function, args []cty.Value) bool {
	parameters := f.Params()
	for i, arg := range args {
		p := f.VarParam()
		if i < len(parameters) {
			p = &parameters[i]
		}
		arg, _ = arg.Unmark()
		if !arg.IsKnown() && !p.AllowUnknown || arg.Type() == cty.DynamicPseudoType && !p.AllowDynamicType {
			return true
		}
	}
	return false
}

// presentable is the error without a stack, and without the words of a
// sensitive argument, which cty's functions are free to quote.
func presentable(err error, args []cty.Value) error {
	if err == nil {
		return nil
	}
	if slices.ContainsFunc(args, stages.IsSensitive) {
		return errors.New("the function cannot work with these arguments; the reason is not shown, since one of them is sensitive")
	}
	var panicked function.PanicError
	if errors.As(err, &panicked) {
		return errors.New("the function cannot work with these arguments")
	}
	return err
}
