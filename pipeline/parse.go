package pipeline

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// parse reads HCL. Of the syntax faults on one line only the first counts: the
// parser finds its way again somewhere behind it.
func (p *Pipeline) parse(src []byte) (*hclsyntax.Body, hcl.Diagnostics) {
	if fault := tooDeep(p.file, src); fault != nil {
		p.Files[p.file] = &hcl.File{Bytes: src}
		return nil, hcl.Diagnostics{fault}
	}
	file, diags := hclsyntax.ParseConfig(src, p.file, hcl.InitialPos)
	if file == nil {
		file = &hcl.File{Bytes: src}
	}
	p.Files[p.file] = file
	if diags.HasErrors() {
		return nil, rewordSyntax(firstOfLine(diags), src)
	}
	return file.Body.(*hclsyntax.Body), nil
}

func firstOfLine(diags hcl.Diagnostics) hcl.Diagnostics {
	seen := map[int]bool{}
	var first hcl.Diagnostics
	for _, d := range Sort(diags) {
		if d.Subject == nil || !seen[d.Subject.Start.Line] {
			first = append(first, d)
		}
		if d.Subject != nil {
			seen[d.Subject.Start.Line] = true
		}
	}
	return first
}

// maxDepth is how deep expressions may be nested. The parser is recursive, and
// Go ends a program whose stack grows too large.
const maxDepth = 250

// tooDeep looks for nesting, and for runs of operators, that no person writes.
func tooDeep(name string, src []byte) *hcl.Diagnostic {
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos)
	depth, run, questions := 0, 0, 0
	for _, token := range tokens {
		unary := false
		switch token.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote,
			hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote,
			hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			depth--
		case hclsyntax.TokenBang, hclsyntax.TokenMinus:
			unary = true
			run++
		case hclsyntax.TokenQuestion:
			questions++
		}
		if !unary && token.Type != hclsyntax.TokenNewline {
			run = 0
		}
		if token.Type == hclsyntax.TokenEqual {
			questions = 0
		}
		if depth > maxDepth || run > maxDepth || questions > maxDepth {
			return &hcl.Diagnostic{
				Severity: hcl.DiagError, Summary: "Nested too deep",
				Detail:  fmt.Sprintf("Expressions may be nested %d levels deep: use locals to take this one apart.", maxDepth),
				Subject: token.Range.Ptr(),
			}
		}
	}
	return nil
}
