package lock

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/huggingface"
)

// writeData writes a pin: of one file its digest and size, of several the commit with
// the digest and size of each.
func writeData(p DataPin, body *hclwrite.Body) {
	if p.Commit != "" {
		body.SetAttributeValue("commit", cty.StringVal(p.Commit))
	}
	if p.SHA256 != "" {
		body.SetAttributeValue("sha256", cty.StringVal(p.SHA256))
		body.SetAttributeValue("size", cty.NumberIntVal(p.Size))
		return
	}
	for _, f := range p.Files {
		block := body.AppendNewBlock("file", []string{f.Path}).Body()
		block.SetAttributeValue("sha256", cty.StringVal(f.SHA256))
		block.SetAttributeValue("size", cty.NumberIntVal(f.Size))
	}
}

func (f *File) decodeData(block *hcl.Block) hcl.Diagnostics {
	content, diags := block.Body.Content(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "commit"}, {Name: "sha256"}, {Name: "size"}},
		Blocks:     []hcl.BlockHeaderSchema{{Type: "file", LabelNames: []string{"path"}}},
	})
	asked, pin := block.Labels[0], DataPin{}
	if _, twice := f.data[asked]; twice {
		diags = append(diags, wrong(block.DefRange, "Pinned twice", fmt.Sprintf("The data %q stands in the file more than once.%s", asked, advice)))
	}
	diags = append(diags, formed(content.Attributes["commit"], isObject, "40 hex digits", &pin.Commit)...)
	one := content.Attributes["sha256"] != nil || content.Attributes["size"] != nil
	switch {
	case one == (len(content.Blocks) > 0):
		diags = append(diags, damaged(block.DefRange, "data is either one file, with sha256 and size, or has a block for each of its files"))
	case one:
		diags = append(diags, decodeSum(content.Attributes, block.DefRange, &pin.SHA256, &pin.Size)...)
	case pin.Commit == "":
		diags = append(diags, damaged(block.DefRange, "data of several files has a commit"))
	}
	for _, file := range content.Blocks {
		diags = append(diags, decodeFile(file, &pin)...)
	}
	diags = append(diags, orderly(pin.Files, block.DefRange)...)
	f.data[asked] = pin
	return diags
}

func decodeFile(block *hcl.Block, pin *DataPin) hcl.Diagnostics {
	content, diags := block.Body.Content(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "sha256"}, {Name: "size"}},
	})
	one := stages.DataFile{Path: block.Labels[0]}
	diags = append(diags, decodeSum(content.Attributes, block.DefRange, &one.SHA256, &one.Size)...)
	pin.Files, pin.Size = append(pin.Files, one), pin.Size+one.Size
	return diags
}

// orderly refuses names of files that could lead out of a folder, or that runpipe
// would not have written so.
func orderly(files []stages.DataFile, place hcl.Range) hcl.Diagnostics {
	names := map[string]bool{}
	var all []string
	for _, f := range files {
		names[f.Path], all = true, append(all, f.Path)
	}
	if name, found := huggingface.Unsafe(all); found {
		return hcl.Diagnostics{damaged(place, fmt.Sprintf("%q cannot be the name of a file there", name))}
	}
	if !slices.Equal(slices.Sorted(maps.Keys(names)), all) {
		return hcl.Diagnostics{damaged(place, "files stand in the order of their names, each once")}
	}
	return nil
}

// decodeSum reads the digest and the size of a file, both of which must be there.
func decodeSum(attributes hcl.Attributes, place hcl.Range, sum *string, size *int64) hcl.Diagnostics {
	if attributes["sha256"] == nil || attributes["size"] == nil {
		return hcl.Diagnostics{damaged(place, "a file has a sha256 and a size")}
	}
	isSum := func(s string) bool { return isHex(s, 64) }
	diags := formed(attributes["sha256"], isSum, "64 hex digits", sum)
	expr := attributes["size"].Expr
	value, more := expr.Value(nil)
	diags = append(diags, more...)
	if more.HasErrors() {
		return diags
	}
	if value.Type() != cty.Number || value.IsNull() || !value.AsBigFloat().IsInt() || value.AsBigFloat().Sign() < 0 {
		return append(diags, damaged(expr.Range(), "size must be a number of bytes"))
	}
	*size, _ = value.AsBigFloat().Int64()
	return diags
}
