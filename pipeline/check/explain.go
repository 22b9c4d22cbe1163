package check

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/stages"
)

// explain says why an expression could not be evaluated: if it asks for a
// metric that is not there, with the metrics that are.
func explain(expression hclsyntax.Expression, scope *hcl.EvalContext, diags hcl.Diagnostics) error {
	for _, reference := range expression.Variables() {
		if !blamed(reference, diags) {
			continue
		}
		if message := missing(reference, scope); message != "" {
			return fmt.Errorf("%s", message)
		}
	}
	return fmt.Errorf("%s", sentence(diags))
}

// blamed reports whether a fault lies within the reference. An absent metric
// under try() is no fault.
func blamed(reference hcl.Traversal, diags hcl.Diagnostics) bool {
	for _, d := range diags {
		if d.Subject != nil && d.Subject.Overlaps(reference.SourceRange()) {
			return true
		}
	}
	return false
}

// missing tells where a reference into metrics leads nowhere; "" if it does not.
func missing(reference hcl.Traversal, scope *hcl.EvalContext) string {
	at, ok := scope.Variables[reference.RootName()]
	if !ok {
		return ""
	}
	path := reference.RootName()
	inMetrics := path == "metrics"
	for _, step := range reference[1:] {
		name := stepName(step)
		if name == "" || !at.IsKnown() || at.IsNull() || !at.Type().IsObjectType() {
			return ""
		}
		if !at.Type().HasAttribute(name) {
			if !inMetrics {
				return ""
			}
			return fmt.Sprintf("there is no metric %q in %s; %s", name, path, present(name, at))
		}
		at = at.GetAttr(name)
		path += "." + name
		inMetrics = inMetrics || name == "metrics"
	}
	return ""
}

// stepName is the attribute that a step of a reference asks for, written as
// .name or as ["name"]; "" if it is neither.
func stepName(step hcl.Traverser) string {
	switch step := step.(type) {
	case hcl.TraverseAttr:
		return step.Name
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String && !step.Key.IsNull() && step.Key.IsKnown() {
			return step.Key.AsString()
		}
	}
	return ""
}

// present suggests the name that was meant, or lists those there are.
func present(name string, object cty.Value) string {
	all := names(object.Type().AttributeTypes())
	if len(all) == 0 {
		return "there are none"
	}
	if other := stages.Suggest(name, all); other != "" {
		return fmt.Sprintf("did you mean %q?", other)
	}
	const shown = 10
	if len(all) > shown {
		return fmt.Sprintf("there are %s and %d more", strings.Join(all[:shown], ", "), len(all)-shown)
	}
	return "there are " + strings.Join(all, ", ")
}

// sentence is the first fault on one line.
func sentence(diags hcl.Diagnostics) string {
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			return strings.Join(strings.Fields(d.Summary+": "+d.Detail), " ")
		}
	}
	return "no reason is known"
}
