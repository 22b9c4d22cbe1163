package pipeline

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/runpipe/runpipe/stages"
)

// variable is a variable block, and what it was set to.
type variable struct {
	name        string
	at          hcl.Range // of its header
	constraint  cty.Type  // DynamicPseudoType if none is given
	optional    *typeexpr.Defaults
	preset      cty.Value // its default, or NilVal
	sensitive   bool
	validations []validation
	value       cty.Value // NilVal until it is set
	faulty      bool
}

type validation struct{ condition, message hcl.Expression }

var variableSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "type"}, {Name: "default"}, {Name: "description"}, {Name: "sensitive"}},
	Blocks:     []hcl.BlockHeaderSchema{{Type: "validation"}},
}

var validationSchema = &hcl.BodySchema{
	Attributes: []hcl.AttributeSchema{{Name: "condition", Required: true}, {Name: "error_message", Required: true}},
}

// readVariables reads the variable blocks, without what they are set to.
func (p *Pipeline) readVariables(blocks []*hcl.Block) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, block := range blocks {
		var first *hcl.Range
		if other := p.variables[block.Labels[0]]; other != nil {
			first = &other.at
		}
		if d := named(block, first); d != nil {
			diags = append(diags, d)
			if first != nil {
				continue
			}
		}
		v, more := readVariable(block)
		diags = append(diags, more...)
		v.faulty = more.HasErrors()
		p.variables[v.name] = v
	}
	return diags
}

// withoutQuotes tells those who write type = "number", as Terraform once had it.
func withoutQuotes(diags hcl.Diagnostics, expr hcl.Expression) hcl.Diagnostics {
	value, faults := expr.Value(nil)
	if diags.HasErrors() && !faults.HasErrors() && value.Type() == cty.String {
		diags[0].Detail = fmt.Sprintf("A type is written without quotes: type = %s.", value.AsString())
	}
	return diags
}

func readVariable(block *hcl.Block) (*variable, hcl.Diagnostics) {
	v := &variable{name: block.Labels[0], at: block.DefRange, constraint: cty.DynamicPseudoType}
	content, diags := block.Body.Content(variableSchema)
	diags = reword(diags, nil)
	if attr := content.Attributes["type"]; attr != nil {
		constraint, optional, more := typeexpr.TypeConstraintWithDefaults(attr.Expr)
		diags = append(diags, reword(withoutQuotes(more, attr.Expr), nil)...)
		if !more.HasErrors() {
			v.constraint, v.optional = constraint, optional
		}
	}
	if attr := content.Attributes["sensitive"]; attr != nil {
		sensitive, more := constant(attr, cty.Bool)
		diags = append(diags, more...)
		v.sensitive = !more.HasErrors() && sensitive.True()
	}
	if attr := content.Attributes["description"]; attr != nil {
		_, more := constant(attr, cty.String)
		diags = append(diags, more...)
	}
	if attr := content.Attributes["default"]; attr != nil {
		value, more := attr.Expr.Value(nil)
		diags = append(diags, reword(more, nil)...)
		if !more.HasErrors() {
			diags = append(diags, v.setDefault(value, attr)...)
		}
	}
	for _, inner := range content.Blocks {
		rule, more := inner.Body.Content(validationSchema)
		diags = append(diags, reword(more, nil)...)
		if !more.HasErrors() {
			v.validations = append(v.validations, validation{rule.Attributes["condition"].Expr, rule.Attributes["error_message"].Expr})
		}
	}
	return v, diags
}

// constant is an attribute that uses no variables and is not null.
func constant(attr *hcl.Attribute, want cty.Type) (cty.Value, hcl.Diagnostics) {
	value, diags := attr.Expr.Value(nil)
	if diags.HasErrors() {
		return value, reword(diags, nil)
	}
	value, err := convert.Convert(value, want)
	if err != nil || value.IsNull() {
		return value, hcl.Diagnostics{fault(attr.Expr.Range(), "Unsuitable value", "%s must be a %s.", attr.Name, want.FriendlyName())}
	}
	return value, nil
}

func (v *variable) setDefault(value cty.Value, attr *hcl.Attribute) hcl.Diagnostics {
	converted, err := v.convert(value)
	if err != nil {
		return hcl.Diagnostics{fault(attr.Expr.Range(), "Unsuitable value", "The default does not fit the type of var.%s: %s.", v.name, err)}
	}
	v.preset = converted
	return nil
}

// convert brings a value to the variable's type.
func (v *variable) convert(value cty.Value) (cty.Value, error) {
	if v.optional != nil && !value.IsNull() {
		value = v.optional.Apply(value)
	}
	return convert.Convert(value, v.constraint)
}

// wantsText reports whether a value given on the command line is taken as it is.
func (v *variable) wantsText() bool {
	if v.constraint == cty.DynamicPseudoType && v.preset != cty.NilVal {
		return v.preset.Type() == cty.String
	}
	return v.constraint == cty.String
}

// finishVariables settles each variable's value, and judges validations.
func (p *Pipeline) finishVariables() hcl.Diagnostics {
	var diags hcl.Diagnostics
	values := map[string]cty.Value{}
	names := slices.Sorted(maps.Keys(p.variables))
	for _, name := range names {
		v := p.variables[name]
		if v.value == cty.NilVal {
			v.value = v.preset
		}
		if v.value == cty.NilVal && !v.faulty {
			diags = append(diags, fault(v.at, "Missing value",
				"var.%s has no default and was not set: use --var %s=…, a --var-file, or %s%s in the environment.", name, name, variablePrefix, name))
			v.faulty = true
		}
		values[name] = cty.DynamicVal
		if !v.faulty {
			values[name] = v.value
		}
		if v.sensitive {
			values[name] = values[name].Mark(stages.Sensitive)
		}
	}
	p.vars = cty.ObjectVal(values)
	for _, name := range names {
		if v := p.variables[name]; !v.faulty {
			diags = append(diags, p.validate(v)...)
		}
	}
	return diags
}

// validate judges the rules of a variable on its value.
func (p *Pipeline) validate(v *variable) hcl.Diagnostics {
	var diags hcl.Diagnostics
	scope := &hcl.EvalContext{Variables: map[string]cty.Value{"var": p.vars}, Functions: p.functions}
	for _, rule := range v.validations {
		if more := p.onlyVariables(rule); more.HasErrors() {
			diags = append(diags, more...)
			continue
		}
		condition, more := rule.condition.Value(scope)
		diags = append(diags, reword(more, nil)...)
		if more.HasErrors() {
			continue
		}
		plain, _ := condition.UnmarkDeep()
		holds, err := convert.Convert(plain, cty.Bool)
		if err != nil || holds.IsNull() {
			diags = append(diags, fault(rule.condition.Range(), "Unsuitable value", "The condition must be a bool."))
			continue
		}
		if holds.IsKnown() && holds.False() {
			diags = append(diags, v.violation(rule, scope))
		}
	}
	return diags
}

// violation is the fault of a rule that does not hold, in the words of its
// author, shown where the rule stands.
func (v *variable) violation(rule validation, scope *hcl.EvalContext) *hcl.Diagnostic {
	message, diags := rule.message.Value(scope)
	text := "var." + v.name + " has a value that it does not allow."
	plain, _ := message.UnmarkDeep()
	if !diags.HasErrors() && !stages.IsSensitive(message) && plain.Type() == cty.String && plain.IsKnown() && !plain.IsNull() {
		text = plain.AsString()
	}
	d := fault(rule.condition.Range(), "Invalid value for a variable", "%s", text)
	d.Expression, d.EvalContext = rule.condition, scope
	return d
}

// onlyVariables refuses references to anything but variables in a validation.
func (p *Pipeline) onlyVariables(rule validation) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, expr := range []hcl.Expression{rule.condition, rule.message} {
		for _, t := range expr.Variables() {
			if t.RootName() != "var" {
				diags = append(diags, fault(t.SourceRange(), "Unknown name", "A validation sees variables only, as var.<name>."))
			} else if r := p.reference(t, plainPlace); r.fault != nil {
				diags = append(diags, r.fault)
			}
		}
	}
	return diags
}
