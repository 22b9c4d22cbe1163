package check

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// say evaluates a message. Numbers put into it by ${…} are written for a
// person: a quotient has 154 digits in the language.
func say(message string, scope *hcl.EvalContext) (string, error) {
	expression, diags := Parse(message, "error_message", hcl.InitialPos)
	if diags.HasErrors() {
		return "", errors.New(sentence(diags))
	}
	var text strings.Builder
	for _, part := range parts(expression) {
		v, diags := part.Value(scope)
		if diags.HasErrors() {
			return "", explain(part, scope, diags)
		}
		v, _ = v.UnmarkDeep()
		s, err := shown(v)
		if err != nil {
			return "", err
		}
		text.WriteString(s)
	}
	return text.String(), nil
}

// parts is the pieces of a template between and in its ${…}.
func parts(expression hclsyntax.Expression) []hclsyntax.Expression {
	switch e := expression.(type) {
	case *hclsyntax.TemplateExpr:
		return e.Parts
	case *hclsyntax.TemplateWrapExpr:
		return []hclsyntax.Expression{e.Wrapped}
	case *hclsyntax.ParenthesesExpr:
		return parts(e.Expression)
	}
	return []hclsyntax.Expression{expression}
}

// shown is a value as text.
func shown(v cty.Value) (string, error) {
	if v.IsKnown() && !v.IsNull() && v.Type() == cty.Number {
		return readable(v.AsBigFloat()), nil
	}
	v, err := convert.Convert(v, cty.String)
	if err != nil || v.IsNull() || !v.IsKnown() {
		return "", errors.New("a part of it is not a text")
	}
	return v.AsString(), nil
}

// readable writes a number for a person: whole numbers in full, those that come
// from 32-bit floats with the digits these have, others with at most 10 digits.
func readable(n *big.Float) string {
	if n.IsInt() {
		if s := n.Text('f', 0); len(s) <= 20 {
			return s
		}
	}
	f, _ := n.Float64()
	digits := strconv.FormatFloat(f, 'e', 9, 64)
	if single := float32(f); float64(single) == f {
		digits = strconv.FormatFloat(f, 'e', -1, 32)
	}
	short, _ := strconv.ParseFloat(digits, 64)
	if size := math.Abs(short); size < 1e-4 || size >= 1e15 {
		return strconv.FormatFloat(short, 'g', -1, 64)
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}
