package pipeline

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/runpipe/runpipe/stages"
)

// envelope is the outer shape of a file. module and data are known words, whose
// meaning is still to come.
var envelope = func() *hcl.BodySchema {
	schema := &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "pipeline"},
		{Type: "variable", LabelNames: []string{"name"}},
		{Type: "locals"},
		{Type: "defaults"},
		{Type: "output", LabelNames: []string{"name"}},
	}}
	for _, kind := range stages.Kinds() {
		schema.Blocks = append(schema.Blocks, hcl.BlockHeaderSchema{Type: kind.Name(), LabelNames: []string{"name"}})
	}
	return schema
}()

// parts is a file's blocks by their type, in the order of the file.
type parts struct {
	header    *hcl.Block
	defaults  *hcl.Block
	variables []*hcl.Block
	locals    []*hcl.Block
	outputs   []*hcl.Block
	stages    []*hcl.Block
}

// open takes a file apart.
func (p *Pipeline) open(body *hclsyntax.Body) (parts, hcl.Diagnostics) {
	later, diags := takeLater(body)
	content, contentDiags := later.Content(envelope)
	diags = append(diags, reword(contentDiags, nil)...)
	var found parts
	for _, block := range content.Blocks {
		switch block.Type {
		case "pipeline":
			diags = append(diags, only(&found.header, block)...)
		case "defaults":
			diags = append(diags, only(&found.defaults, block)...)
		case "locals":
			found.locals = append(found.locals, block)
		case "variable":
			found.variables = append(found.variables, block)
		case "output":
			found.outputs = append(found.outputs, block)
		default:
			found.stages = append(found.stages, block)
		}
	}
	return found, diags
}

// takeLater takes out the blocks of a later version, each with a fault.
func takeLater(body *hclsyntax.Body) (*hclsyntax.Body, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	kept := *body
	kept.Blocks = nil
	for _, block := range body.Blocks {
		if block.Type == "module" {
			diags = append(diags, fault(block.TypeRange, "Not there yet",
				"%s blocks are still to come; this version knows %s.", block.Type, strings.Join(blockTypes(), ", ")))
			continue
		}
		kept.Blocks = append(kept.Blocks, block)
	}
	return &kept, diags
}

func blockTypes() []string {
	var types []string
	for _, block := range envelope.Blocks {
		types = append(types, block.Type)
	}
	return types
}

// only keeps the first block of a type that may stand once.
func only(place **hcl.Block, block *hcl.Block) hcl.Diagnostics {
	if *place != nil {
		return hcl.Diagnostics{fault(block.TypeRange, "Duplicate block",
			"A pipeline has one %s block, and it stands at %s.", block.Type, at((*place).DefRange))}
	}
	*place = block
	return nil
}

// fault is an error at a place.
func fault(at hcl.Range, summary, format string, args ...any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: at.Ptr()}
}

// at is a place as file:line.
func at(r hcl.Range) string { return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line) }

// named finds what is wrong with a block's name, and whether one of the same
// name stands at first already.
func named(block *hcl.Block, first *hcl.Range) *hcl.Diagnostic {
	name := block.Labels[0]
	where := block.LabelRanges[0]
	if !stages.IsIdentifier(name) {
		hint := ""
		if better := stages.Identifier(name); better != "" {
			hint = fmt.Sprintf(" Did you mean %q?", better)
		}
		return fault(where, "Invalid name", "%q is not a name: it must begin with a letter or _, and go on with letters, digits, _ and -.%s", name, hint)
	}
	if first != nil {
		return fault(where, "Duplicate name", "%s.%s stands at %s already: each needs a name of its own.", block.Type, name, at(*first))
	}
	return nil
}
