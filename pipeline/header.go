package pipeline

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
)

var headerSpec = hcldec.ObjectSpec{
	"name":        &hcldec.AttrSpec{Name: "name", Type: cty.String},
	"description": &hcldec.AttrSpec{Name: "description", Type: cty.String},
	"requires":    &hcldec.AttrSpec{Name: "requires", Type: cty.DynamicPseudoType},
}

// pipelineName goes into job names, tokens and file names.
var pipelineName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)

// readHeader reads the pipeline block, which is read before anything else and so
// uses no variables.
func (p *Pipeline) readHeader(block *hcl.Block) hcl.Diagnostics {
	if block == nil {
		return nil
	}
	value, diags := hcldec.Decode(block.Body, headerSpec, nil)
	diags = reword(diags, &node{name: "pipeline", at: block.DefRange, block: block})
	attributes, _, _ := block.Body.PartialContent(hcldec.ImpliedSchema(headerSpec))
	place := func(name string) hcl.Range { return attributes.Attributes[name].Expr.Range() }
	if name, ok := knownText(value, "name"); ok {
		if pipelineName.MatchString(name) {
			p.Name = name
		} else {
			diags = append(diags, fault(place("name"), "Invalid name",
				"A pipeline's name has letters, digits, _, . and - only, and 64 at most: it becomes part of job names."))
		}
	}
	p.Description, _ = knownText(value, "description")
	if value.Type().HasAttribute("requires") && value.GetAttr("requires").Type() == cty.Number {
		diags = append(diags, fault(place("requires"), "Unsuitable value", "A version is written in quotes, as in \">= 0.1.0\": as a number 0.10 is 0.1."))
	}
	if constraint, ok := knownText(value, "requires"); ok {
		holds, err := satisfies(Version, constraint)
		switch {
		case err != nil:
			diags = append(diags, fault(place("requires"), "Unsuitable value", "%s.", err))
		case !holds:
			diags = append(diags, fault(place("requires"), "Another version required",
				"The pipeline requires runpipe %s, and this is %s.", constraint, Version))
		}
	}
	return diags
}

func knownText(object cty.Value, name string) (string, bool) {
	if !object.Type().IsObjectType() || !object.Type().HasAttribute(name) {
		return "", false
	}
	v := object.GetAttr(name)
	if v.Type() != cty.String || !v.IsKnown() || v.IsNull() {
		return "", false
	}
	return v.AsString(), true
}

// defaultName is the file's base name, as far as a name may have its characters.
func defaultName(path string) string {
	name := strings.TrimSuffix(filepath.Base(path), ".hcl")
	name = regexp.MustCompile(`[^A-Za-z0-9_.-]+`).ReplaceAllString(name, "-")
	name = strings.TrimLeft(name, ".-")
	if len(name) > 64 {
		name = name[:64]
	}
	if name == "" {
		return "pipeline"
	}
	return name
}
