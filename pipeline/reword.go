package pipeline

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/stages"
)

var (
	inappropriate = regexp.MustCompile(`^Inappropriate value for attribute "([^"]*)": (.*)$`)
	notFound      = regexp.MustCompile(`^The argument "([^"]*)" is required`)
	noAttribute   = regexp.MustCompile(`(?:named|have an attribute named) "([^"]*)"`)
)

// reword puts the library's faults into our words, and drops those that follow
// from another. n is the node that they were found in, or nil.
func reword(diags hcl.Diagnostics, n *node) hcl.Diagnostics {
	var out hcl.Diagnostics
	for _, d := range diags {
		c := *d
		if usesSensitive(&c) && c.Summary != "Sensitive value" {
			c.Detail = "The expression uses a sensitive value, so that no more can be said."
			c.Expression, c.EvalContext = nil, nil
		}
		switch c.Summary {
		case "Ambiguous attribute key":
			continue // a name without quotes was reported already
		case "Incorrect attribute value type":
			c.Summary = "Unsuitable value"
			c.Detail = inappropriate.ReplaceAllString(c.Detail, "$1: $2")
		case "Missing required argument":
			c.Summary = "Missing argument"
			if m := notFound.FindStringSubmatch(c.Detail); m != nil {
				c.Detail = fmt.Sprintf("%s is required here.", m[1])
			}
			if n != nil && n.block != nil && c.Subject != nil {
				c.Subject = headerOf(n.block, *c.Subject).Ptr()
			}
		case "Unsupported argument", "Unsupported block type":
			rewordUnexpected(&c, n)
		case "Call to unknown function":
			c.Summary = "Unknown function"
		case "Unsupported attribute":
			rewordAttribute(&c, n)
		}
		out = append(out, &c)
	}
	return withoutMisspelt(out)
}

// withoutMisspelt drops what is said to be missing from a block in which
// something has a name that there is not: it is most likely there, misspelt.
func withoutMisspelt(diags hcl.Diagnostics) hcl.Diagnostics {
	misspelt := slices.ContainsFunc(diags, func(d *hcl.Diagnostic) bool {
		return strings.HasPrefix(d.Summary, "Unsupported") && strings.Contains(d.Detail, "Did you mean")
	})
	if !misspelt {
		return diags
	}
	return slices.DeleteFunc(diags, func(d *hcl.Diagnostic) bool {
		switch d.Summary {
		case "Missing argument", "Missing value", "Missing command", "Missing metrics":
			return true
		}
		return false
	})
}

// libraryPlace is how the library writes a place in a text.
var libraryPlace = regexp.MustCompile(`(\S):(\d+),\d+-(?:\d+,)?\d+`)

// shorten writes paths below the pipeline's folder as they are written in it,
// and places as file:line.
func (p *Pipeline) shorten(diags hcl.Diagnostics) hcl.Diagnostics {
	for i, d := range diags {
		c := *d
		c.Detail = libraryPlace.ReplaceAllString(strings.ReplaceAll(c.Detail, p.Dir+"/", ""), "$1:$2")
		diags[i] = &c
	}
	return diags
}

// headerOf is the header of the block that lacks something, which is said of an
// empty place at its opening brace.
func headerOf(block *hcl.Block, missing hcl.Range) hcl.Range {
	if block.Body.MissingItemRange() == missing {
		return block.DefRange
	}
	body, ok := block.Body.(*hclsyntax.Body)
	if !ok {
		return missing
	}
	for _, inner := range body.Blocks {
		if header := headerOf(inner.AsHCLBlock(), missing); header != missing {
			return header
		}
	}
	return missing
}

// usesSensitive reports whether the expression of d has a sensitive value in it,
// which the detail could tell.
func usesSensitive(d *hcl.Diagnostic) bool {
	if d.Expression == nil || d.EvalContext == nil {
		return false
	}
	for _, t := range d.Expression.Variables() {
		value, diags := t.TraverseAbs(d.EvalContext)
		if !diags.HasErrors() && stages.IsSensitive(value) {
			return true
		}
	}
	return false
}

// rewordAttribute names what there is instead of an attribute that there is not.
func rewordAttribute(d *hcl.Diagnostic, n *node) {
	m := noAttribute.FindStringSubmatch(d.Detail)
	if m == nil || n == nil || d.Subject == nil || d.EvalContext == nil {
		return
	}
	for _, r := range n.references {
		if r.traversal == nil || !r.traversal.SourceRange().Overlaps(*d.Subject) {
			continue
		}
		for i := 1; i < len(r.traversal); i++ {
			parent, diags := r.traversal[:i].TraverseAbs(d.EvalContext)
			if diags.HasErrors() || !parent.Type().IsObjectType() || stepName(r.traversal[i]) != m[1] || parent.Type().HasAttribute(m[1]) {
				continue
			}
			describe(d, r.traversal[:i], m[1], parent.Type())
			return
		}
	}
}

func describe(d *hcl.Diagnostic, parent hcl.Traversal, name string, ty cty.Type) {
	names := slices.Sorted(maps.Keys(ty.AttributeTypes()))
	if len(parent) == 2 && stages.KindOf(parent.RootName()) != nil {
		names = slices.DeleteFunc(names, func(s string) bool { return s == "address" })
	}
	whole := written(parent)
	d.Summary = "Unknown attribute"
	what := "attribute"
	if len(parent) == 3 && strings.HasSuffix(whole, ".outputs") {
		d.Summary, what = "Unknown output", "output"
		whole = strings.TrimSuffix(whole, ".outputs")
	} else if whole == "metrics" || len(parent) == 3 && strings.HasSuffix(whole, ".metrics") {
		d.Summary, what = "Unknown metric", "metric"
	}
	d.Detail = fmt.Sprintf("%s has no %s %q.", whole, what, name)
	if near := stages.DidYouMean(name, names); near != "" {
		d.Detail += near
	} else if len(names) > 0 && len(names) <= 12 {
		d.Detail += fmt.Sprintf(" It has %s.", strings.Join(names, ", "))
	} else if len(names) == 0 {
		d.Detail += " It has none."
	}
	if len(parent) == 2 && slices.Contains(names, "outputs") {
		if outputs := ty.AttributeType("outputs"); outputs.IsObjectType() && outputs.HasAttribute(name) {
			d.Detail = fmt.Sprintf("%s has no attribute %q. Did you mean %s.outputs.%s?", whole, name, whole, name)
		}
	}
}

func stepName(step hcl.Traverser) string {
	switch step := step.(type) {
	case hcl.TraverseAttr:
		return step.Name
	case hcl.TraverseIndex:
		if step.Key.Type() == cty.String && step.Key.IsKnown() && !step.Key.IsNull() {
			return step.Key.AsString()
		}
	}
	return ""
}

// written is a traversal as it is written.
func written(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(step.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + step.Name)
		case hcl.TraverseIndex:
			switch {
			case step.Key.Type() == cty.Number && step.Key.IsKnown() && !step.Key.IsNull():
				fmt.Fprintf(&b, "[%s]", step.Key.AsBigFloat().Text('f', -1))
			default:
				fmt.Fprintf(&b, "[%q]", stepName(step))
			}
		default:
			b.WriteString("[*]")
		}
	}
	return b.String()
}

// rewordSyntax gives the faults that everyone meets first a message of their own.
func rewordSyntax(diags hcl.Diagnostics, src []byte) hcl.Diagnostics {
	var heredocs []hcl.Range
	for i, d := range diags {
		c := *d
		switch {
		case !utf8.Valid(src):
			c.Summary = "Not UTF-8"
			c.Detail = "The file is not text in UTF-8. Save it again with that encoding."
			return hcl.Diagnostics{&c}
		case c.Summary == "Missing item separator":
			c.Detail += " Or is the bracket missing that ends the list before it?"
		case c.Summary == "Attribute redefined":
			c.Summary = "Duplicate argument"
		case c.Summary == "Invalid single-argument block definition":
			c.Summary = "Several arguments on one line"
			c.Detail = "A block on one line holds one argument. Write each argument on a line of its own, without commas."
		case c.Subject != nil:
			if heredocs == nil {
				heredocs = heredocRanges(src, c.Subject.Filename)
			}
			if within(*c.Subject, heredocs) {
				c.Summary = "Variable of the shell"
				c.Detail = "runpipe fills in ${…} before the shell sees the script, and cannot read this one. " +
					"For the shell's own ${…} write $${…}, and %%{ for its %{."
			}
		}
		diags[i] = &c
	}
	return diags
}

// heredocRanges is never nil.
func heredocRanges(src []byte, name string) []hcl.Range {
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos)
	ranges := []hcl.Range{}
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenOHeredoc:
			ranges = append(ranges, hcl.Range{Filename: name, Start: token.Range.End, End: hcl.Pos{Byte: len(src)}})
		case hclsyntax.TokenCHeredoc:
			if len(ranges) > 0 {
				ranges[len(ranges)-1].End = token.Range.Start
			}
		}
	}
	return ranges
}
