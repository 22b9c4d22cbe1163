package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/stages"
)

// variablePrefix begins the names of environment variables that set variables.
const variablePrefix = "RUNPIPE_VAR_"

// assign sets the variables: RUNPIPE_VAR_x, then --var-file, then --var, each
// over what came before.
func (p *Pipeline) assign(o Options) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, entry := range o.Environ {
		name, text, _ := strings.Cut(entry, "=")
		name, ours := strings.CutPrefix(name, variablePrefix)
		if v := p.variables[name]; ours && v != nil {
			diags = append(diags, p.setText(v, text, variablePrefix+name)...)
		}
	}
	for _, path := range o.VarFiles {
		diags = append(diags, p.assignFile(path)...)
	}
	for _, entry := range o.Vars {
		name, text, ok := strings.Cut(entry, "=")
		name = strings.TrimSpace(name)
		v := p.variables[name]
		switch {
		case !ok:
			diags = append(diags, nowhere("Invalid --var", "--var %s: write --var name=value.", entry))
		case v == nil:
			diags = append(diags, nowhere("Unknown variable", "--var %s: the pipeline has no variable %q.%s", name, name, p.likeVariable(name)))
		default:
			diags = append(diags, p.setText(v, text, "--var "+name)...)
		}
	}
	return append(diags, p.finishVariables()...)
}

// nowhere is a fault that has no place in a file.
func nowhere(summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...)}
}

func (p *Pipeline) likeVariable(name string) string {
	return stages.DidYouMean(name, slices.Sorted(maps.Keys(p.variables)))
}

// setText sets a variable from a text: for one of type string as it is, else by
// reading it as an expression. source is where the text is from.
func (p *Pipeline) setText(v *variable, text, source string) hcl.Diagnostics {
	if v.faulty {
		return nil // its type is not known, nor whether it is sensitive
	}
	if v.wantsText() {
		return p.set(v, cty.StringVal(text), p.shown(v, source, text))
	}
	if d := tooDeep(source, []byte(text)); d != nil {
		return hcl.Diagnostics{p.withheld(v, d)}
	}
	expr, diags := hclsyntax.ParseExpression([]byte(text), source, hcl.InitialPos)
	var value cty.Value
	if !diags.HasErrors() {
		value, diags = expr.Value(nil)
	}
	if diags.HasErrors() {
		if v.constraint == cty.DynamicPseudoType { // the type is anything: so it is text
			return p.set(v, cty.StringVal(text), p.shown(v, source, text))
		}
		v.faulty = true
		place := p.shown(v, source, text)
		return hcl.Diagnostics{fault(place, "Unsuitable value", "%s is not a value of type %s, which var.%s has.%s",
			source, v.constraint.FriendlyName(), v.name, textHint(v.constraint))}
	}
	return p.set(v, value, p.shown(v, source, text))
}

// textHint shows how a list of texts is written on the command line.
func textHint(ty cty.Type) string {
	if ty.IsListType() || ty.IsSetType() || ty.IsTupleType() {
		return ` A list is written as ["a", "b"].`
	}
	if ty.IsMapType() || ty.IsObjectType() {
		return ` A map is written as { a = "x" }.`
	}
	return ""
}

// shown makes a text that is not in a file a place for faults; that of a
// sensitive variable is never shown, and its block stands for it.
func (p *Pipeline) shown(v *variable, source, text string) hcl.Range {
	if v.sensitive {
		return v.at
	}
	p.Files[source] = &hcl.File{Bytes: []byte(text)}
	end := hcl.Pos{Line: 1, Column: len(text) + 1, Byte: len(text)}
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		end = hcl.Pos{Line: 1, Column: i + 1, Byte: i}
	}
	return hcl.Range{Filename: source, Start: hcl.InitialPos, End: end}
}

// withheld is d, without its place where that would show a sensitive value.
func (p *Pipeline) withheld(v *variable, d *hcl.Diagnostic) *hcl.Diagnostic {
	v.faulty = true
	if v.sensitive {
		return fault(v.at, "Unsuitable value", "The value given for var.%s cannot be read.", v.name)
	}
	return d
}

func (p *Pipeline) set(v *variable, value cty.Value, place hcl.Range) hcl.Diagnostics {
	converted, err := v.convert(value)
	if err != nil {
		v.faulty = true
		return hcl.Diagnostics{fault(place, "Unsuitable value", "The value does not fit the type of var.%s: %s.", v.name, err)}
	}
	v.value = converted
	return nil
}

// assignFile sets variables from a file of attributes.
func (p *Pipeline) assignFile(path string) hcl.Diagnostics {
	src, err := readSource(path)
	if err != nil {
		return hcl.Diagnostics{nowhere("Unreadable variable file", "%s.", err)}
	}
	secret := slices.ContainsFunc(slices.Collect(maps.Values(p.variables)), func(v *variable) bool { return v.sensitive || v.faulty })
	if d := tooDeep(path, src); d != nil {
		return hcl.Diagnostics{d}
	}
	file, diags := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	if !secret { // else a line that is shown could hold one
		p.Files[path] = &hcl.File{Bytes: src}
	}
	if diags.HasErrors() {
		return rewordSyntax(firstOfLine(diags), src)
	}
	attributes, diags := file.Body.JustAttributes()
	diags = reword(diags, nil)
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		diags = append(diags, p.assignAttribute(attributes[name])...)
	}
	return diags
}

func (p *Pipeline) assignAttribute(attr *hcl.Attribute) hcl.Diagnostics {
	v := p.variables[attr.Name]
	if v == nil {
		return hcl.Diagnostics{fault(attr.NameRange, "Unknown variable", "The pipeline has no variable %q.%s", attr.Name, p.likeVariable(attr.Name))}
	}
	if v.faulty {
		return nil
	}
	value, diags := attr.Expr.Value(nil)
	if diags.HasErrors() {
		v.faulty = true
		for i, d := range diags {
			diags[i] = p.withheld(v, d)
		}
		return reword(diags, nil)
	}
	place := attr.Expr.Range()
	if v.sensitive {
		place = v.at
	}
	return p.set(v, value, place)
}
