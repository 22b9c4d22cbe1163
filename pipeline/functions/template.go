package functions

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// templateFile fills in a template. The variables' marks come out with the text.
func (dir folder) templateFile() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{
			pathParameter,
			{Name: "vars", Type: cty.DynamicPseudoType, AllowMarked: true},
		},
		Type: func(args []cty.Value) (cty.Type, error) {
			if t := args[1].Type(); !t.IsObjectType() && !t.IsMapType() {
				return cty.NilType, function.NewArgErrorf(1, "a map of variables is needed, not %s", t.FriendlyName())
			}
			return beside(cty.String)(args)
		},
		RefineResult: notNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			vars, marks := args[1].Unmark()
			if !args[0].IsKnown() {
				_, all := args[1].UnmarkDeep() // any of the variables may be used
				return cty.UnknownVal(cty.String).WithMarks(all), nil
			}
			text, err := dir.render(args[0].AsString(), vars.AsValueMap())
			if err != nil {
				return cty.NilVal, err
			}
			return text.WithMarks(marks), nil
		},
	})
}

// render evaluates the template at path with nothing in scope but vars and the
// functions, templatefile excepted: templates do not nest.
func (dir folder) render(path string, vars map[string]cty.Value) (cty.Value, error) {
	source, err := dir.read(path)
	if err != nil {
		return cty.NilVal, function.NewArgError(0, err)
	}
	template, diags := hclsyntax.ParseTemplate([]byte(source), path, hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, function.NewArgError(0, diags)
	}
	for _, reference := range template.Variables() {
		if name := reference.RootName(); vars[name] == cty.NilVal {
			return cty.NilVal, function.NewArgErrorf(1, "%s uses %q, which is not among the variables", reference.SourceRange(), name)
		}
	}
	table := Table(string(dir))
	delete(table, "templatefile")
	v, diags := template.Value(&hcl.EvalContext{Variables: vars, Functions: table})
	if diags.HasErrors() {
		return cty.NilVal, function.NewArgError(0, diags)
	}
	v, err = convert.Convert(v, cty.String)
	if err != nil || v.IsNull() {
		return cty.NilVal, function.NewArgError(0, fmt.Errorf("%s does not give a text", path))
	}
	return v, nil
}
