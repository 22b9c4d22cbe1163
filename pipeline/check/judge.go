package check

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/runpipe/runpipe/pipeline/functions"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

// Judge gives the verdict on each check, in their order.
//
// results is the content of the metrics file, or nil; metrics are the stage's
// named metrics; upstreams are those of the stages that the checks use, by
// address. A check that cannot be evaluated, say because a metric is missing,
// has not passed, and its message says why.
func Judge(checks []stages.Check, results any, metrics map[string]float64, upstreams map[string]map[string]float64) []record.Check {
	verdicts := make([]record.Check, len(checks))
	own := measured(results, metrics)
	for i, c := range checks {
		passed, message := judge(c, own, upstreams)
		verdicts[i] = record.Check{Name: c.Name, Passed: passed, Warn: c.Warn, Message: message}
	}
	return verdicts
}

func judge(c stages.Check, own cty.Value, upstreams map[string]map[string]float64) (passed bool, message string) {
	scope, err := scopeOf(c, own, upstreams)
	if err != nil {
		return false, "the check could not be judged: " + err.Error()
	}
	passed, err = holds(c.Condition, scope)
	if err != nil {
		return false, "the check could not be judged: " + err.Error()
	}
	if passed {
		return true, ""
	}
	text, err := say(c.Message, scope)
	if err != nil {
		return false, fmt.Sprintf("the check did not hold (its message could not be made: %s)", err)
	}
	return false, strings.TrimSpace(text)
}

// scopeOf is all that the texts of a check may use.
func scopeOf(c stages.Check, own cty.Value, upstreams map[string]map[string]float64) (*hcl.EvalContext, error) {
	variables, err := others(upstreams)
	if err != nil {
		return nil, err
	}
	kept, err := stored(c.Scope)
	if err != nil {
		return nil, fmt.Errorf("its variables are damaged: %w", err)
	}
	for name, v := range kept {
		variables[name] = v
	}
	variables["metrics"] = own
	return &hcl.EvalContext{Variables: variables, Functions: functions.Table("")}, nil
}

// holds evaluates a condition.
func holds(condition string, scope *hcl.EvalContext) (bool, error) {
	v, err := evaluate(condition, "condition", scope)
	if err != nil {
		return false, err
	}
	if v, err = convert.Convert(v, cty.Bool); err != nil || v.IsNull() || !v.IsKnown() {
		return false, errors.New("the condition is neither true nor false")
	}
	return v.True(), nil
}

// Value evaluates m.Value with the content of the metrics file as `metrics`.
func Value(m stages.Metric, results any) (float64, error) {
	scope := &hcl.EvalContext{
		Variables: map[string]cty.Value{"metrics": measured(results, nil)},
		Functions: functions.Table(""),
	}
	v, err := evaluate(m.Value, "value", scope)
	if err != nil {
		return 0, fmt.Errorf("metric %q: %w", m.Name, err)
	}
	v, err = convert.Convert(v, cty.Number)
	if err != nil || v.IsNull() || !v.IsKnown() {
		return 0, fmt.Errorf("metric %q: its value is not a number", m.Name)
	}
	f, _ := v.AsBigFloat().Float64()
	if _, ok := number(f); !ok {
		return 0, fmt.Errorf("metric %q: its value is not a finite number", m.Name)
	}
	return f, nil
}

// evaluate parses and evaluates a text. what names it in an error.
func evaluate(text, what string, scope *hcl.EvalContext) (cty.Value, error) {
	expression, diags := Parse(text, what, hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, errors.New(sentence(diags))
	}
	v, diags := expression.Value(scope)
	if diags.HasErrors() {
		return cty.NilVal, explain(expression, scope, diags)
	}
	v, _ = v.UnmarkDeep()
	return v, nil
}
