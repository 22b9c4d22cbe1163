package pipeline

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/runpipe/runpipe/stages"
)

// Output is a value that a pipeline gives to who runs it.
type Output struct {
	Name        string
	Description string
	Value       cty.Value // without marks; NilVal if sensitive
	Text        string    // as it is shown: a string as it is, all else as JSON
	JSON        []byte    // null if sensitive
	Sensitive   bool
}

var outputSpec = hcldec.ObjectSpec{
	"value":       &hcldec.AttrSpec{Name: "value", Type: cty.DynamicPseudoType, Required: true},
	"description": &hcldec.AttrSpec{Name: "description", Type: cty.String},
	"sensitive":   &hcldec.AttrSpec{Name: "sensitive", Type: cty.Bool},
}

func (e *evaluation) output(n *node) {
	scope := e.scope(n)
	object, diags := hcldec.Decode(n.block.Body, outputSpec, scope)
	e.report(diags, n)
	if diags.HasErrors() {
		return
	}
	o := Output{Name: n.block.Labels[0], JSON: []byte("null"), Text: "(sensitive)"}
	o.Description, _ = knownText(unmarked(object), "description")
	flag, err := convert.Convert(unmarked(object).GetAttr("sensitive"), cty.Bool)
	o.Sensitive = err == nil && flag.IsKnown() && !flag.IsNull() && flag.True()
	value := object.GetAttr("value")
	if stages.IsSensitive(object) && !o.Sensitive {
		e.diags = append(e.diags, sensitiveOutput(n))
		return
	}
	if value = unmarked(value); !o.Sensitive && value.IsWhollyKnown() {
		o.Value = value
		o.JSON, err = ctyjson.Marshal(value, value.Type())
		if err != nil {
			e.diags = append(e.diags, fault(n.at, "Unsuitable value", "The value cannot be shown: %s.", err))
			return
		}
		o.Text = string(o.JSON)
		if value.Type() == cty.String && !value.IsNull() {
			o.Text = value.AsString()
		}
	}
	e.outputs = append(e.outputs, o)
}

func unmarked(v cty.Value) cty.Value {
	v, _ = v.UnmarkDeep()
	return v
}

func sensitiveOutput(n *node) *hcl.Diagnostic {
	place := n.at
	content, _, _ := n.block.Body.PartialContent(hcldec.ImpliedSchema(outputSpec))
	if attr := content.Attributes["value"]; attr != nil {
		place = attr.Expr.Range()
	}
	return fault(place, "Sensitive value", "The output would show a sensitive value: add sensitive = true, which keeps it from being shown.")
}
