package functions

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// odd is values that functions do not expect, or not there.
func odd() []cty.Value {
	plain := []cty.Value{
		cty.StringVal(""),
		cty.StringVal("a/b\x00ü"),
		cty.StringVal("%*[1]d %999s ${"),
		cty.StringVal("/[/"),
		cty.StringVal("2026-11-23T14:22:33Z"),
		cty.Zero,
		cty.NumberIntVal(-1),
		cty.NumberFloatVal(2.5),
		cty.MustParseNumberVal("1e400"),
		cty.PositiveInfinity,
		cty.NegativeInfinity,
		cty.True,
		cty.EmptyTupleVal,
		cty.EmptyObjectVal,
		cty.ListValEmpty(cty.String),
		cty.MapValEmpty(cty.DynamicPseudoType),
		cty.SetVal([]cty.Value{cty.UnknownVal(cty.String), cty.StringVal("a")}),
		cty.TupleVal([]cty.Value{cty.NullVal(cty.DynamicPseudoType), cty.DynamicVal, cty.EmptyObjectVal}),
		cty.ListVal([]cty.Value{cty.NullVal(cty.String), cty.UnknownVal(cty.String), cty.StringVal("a").Mark("inside")}),
		cty.MapVal(map[string]cty.Value{"a": cty.NullVal(cty.Bool), "": cty.UnknownVal(cty.Bool)}),
		cty.ObjectVal(map[string]cty.Value{"a": cty.DynamicVal, "b": cty.StringVal("x").Mark("inside")}),
		cty.NullVal(cty.DynamicPseudoType),
		cty.NullVal(cty.String),
		cty.NullVal(cty.List(cty.String)),
		cty.DynamicVal,
		cty.UnknownVal(cty.String),
		cty.UnknownVal(cty.Number),
		cty.UnknownVal(cty.Map(cty.String)),
		cty.UnknownVal(cty.Set(cty.Number)),
		cty.UnknownVal(cty.Tuple([]cty.Type{cty.String, cty.DynamicPseudoType})),
		cty.CapsuleVal(cty.Capsule("odd", reflect.TypeFor[int]()), new(int)),
	}
	all := plain
	for i, v := range plain {
		if i%2 == 0 || v.Type() == cty.String || v.Type().IsTupleType() {
			all = append(all, v.Mark("outside"))
		}
	}
	return all
}

// TestOddArguments calls every function as the language does, with all odd
// values in all places of up to three.
func TestOddArguments(t *testing.T) {
	values := odd()
	scope := &hcl.EvalContext{Functions: Table(t.TempDir())}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			try := func(args ...cty.Value) { callOdd(t, scope, name, args) }
			try()
			for _, a := range values {
				try(a)
				for _, b := range values {
					try(a, b)
				}
			}
			for i, a := range values { // all threes are too many for a quick test: some from everywhere
				for j, b := range values {
					for k, c := range values {
						if (i+3*j+5*k)%97 == 0 {
							try(a, b, c)
						}
					}
				}
			}
		})
	}
}

func callOdd(t *testing.T, scope *hcl.EvalContext, name string, args []cty.Value) {
	call := &hclsyntax.FunctionCallExpr{Name: name}
	for _, v := range args {
		call.Args = append(call.Args, &hclsyntax.LiteralValueExpr{Val: v})
	}
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s(%#v) panics: %v", name, args, r)
		}
	}()
	v, diags := call.Value(scope)
	if diags.HasErrors() {
		if strings.Contains(diags.Error(), "panic") {
			t.Errorf("%s(%#v) panics inside: %.300s", name, args, diags.Error())
		}
		return
	}
	_, got := v.UnmarkDeep()
	if _, ok := got["outside"]; !ok && marked(args) && !droppingMarks[name] {
		t.Errorf("%s(%#v) loses a mark: %#v", name, args, v)
	}
}

// droppingMarks are functions whose result may well rest on some arguments only.
var droppingMarks = map[string]bool{"can": true, "try": true}

func marked(args []cty.Value) bool {
	for _, v := range args {
		if v.HasMark("outside") && !v.IsNull() {
			return true
		}
	}
	return false
}
