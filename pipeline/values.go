package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/git"
)

// scopeValue is a reference in a faulty expression, and what it stands for.
type scopeValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// scopeValues is what is known of the references in the expression of d, by name.
// Sensitive values are left out.
func scopeValues(d *hcl.Diagnostic) []scopeValue {
	if d.Expression == nil || d.EvalContext == nil {
		return nil
	}
	var values []scopeValue
	for _, t := range d.Expression.Variables() {
		value, diags := t.TraverseAbs(d.EvalContext)
		if diags.HasErrors() || stages.IsSensitive(value) {
			continue
		}
		value, _ = value.UnmarkDeep()
		if !value.IsWhollyKnown() {
			continue
		}
		values = append(values, scopeValue{written(t), shownValue(value)})
	}
	slices.SortFunc(values, func(a, b scopeValue) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(values)
}

// maxShown is the number of characters of a value that are shown.
const maxShown = 60

// shownValue is a value as it could be written, or in a few words if it is long.
func shownValue(v cty.Value) string {
	if v.IsNull() {
		return "null"
	}
	text := "of type " + v.Type().FriendlyName()
	if data, err := ctyjson.Marshal(v, v.Type()); err == nil {
		text = string(data)
	}
	text = printable(git.Redact(text))
	if characters := []rune(text); len(characters) > maxShown {
		if v.Type().IsPrimitiveType() {
			return string(characters[:maxShown]) + "…"
		}
		return fmt.Sprintf("%s with %d elements", v.Type().FriendlyName(), v.LengthInt())
	}
	return text
}
