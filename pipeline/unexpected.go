package pipeline

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/runpipe/runpipe/stages"
)

var unexpected = regexp.MustCompile(`^(?:An argument named|Blocks of type) "([^"]*)"`)

// rewordUnexpected suggests what was meant by an argument or a block that there
// is not. The library's own suggestion depends on the order of a map.
func rewordUnexpected(d *hcl.Diagnostic, n *node) {
	m := unexpected.FindStringSubmatch(d.Detail)
	if m == nil || n == nil || n.block == nil || d.Subject == nil {
		return
	}
	spec, inside := innermost(n.spec(), n.block, *d.Subject)
	if spec == nil {
		return
	}
	name, schema := m[1], hcldec.ImpliedSchema(spec)
	var arguments, blocks []string
	for _, a := range schema.Attributes {
		arguments = append(arguments, a.Name)
	}
	for _, b := range schema.Blocks {
		blocks = append(blocks, b.Type)
	}
	slices.Sort(arguments)
	slices.Sort(blocks)
	isArgument := d.Summary == "Unsupported argument"
	same, others := blocks, arguments
	d.Detail = fmt.Sprintf("%s has no block %q.", inside, name)
	if isArgument {
		same, others = arguments, blocks
		d.Detail = fmt.Sprintf("%s has no argument %q.", inside, name)
	}
	switch home := homeOf(spec, name); {
	case slices.Contains(others, name) && isArgument:
		d.Detail += fmt.Sprintf(" A block is written without the equals sign: %s { … }.", name)
	case slices.Contains(others, name):
		d.Detail += fmt.Sprintf(" An argument is written with an equals sign: %s = ….", name)
	case isArgument && home != "":
		d.Detail += fmt.Sprintf(" It belongs into a block of its own: %s { %s = … }.", home, name)
	case elsewhere[name] != "" && n.kind != nil:
		d.Detail += " " + elsewhere[name]
	case name == "unpack" && slices.Contains(same, "extract"): // too far from each other to be a slip
		d.Detail += ` Did you mean "extract"?`
	default:
		d.Detail += stages.DidYouMean(name, same)
	}
}

// elsewhere tells those who come from another tool how what they look for is
// said here.
var elsewhere = map[string]string{
	"depends_on": "A reference, such as source = clone.code, makes a stage wait; for order alone there is after = [clone.code].",
	"count":      "A stage is not repeated: write one block for each, with what they share in locals and defaults.",
	"run":        "A program with its arguments is command = [\"python\", \"train.py\"]; lines of shell are a script.",
	"args":       "The arguments stand in the command: command = [\"python\", \"train.py\", \"--epochs\", 5].",
	"repo":       "The argument is called repository.",
	"branch":     "A branch, a tag or a commit is the ref.",
	"tag":        "A branch, a tag or a commit is the ref.",
	"commit":     "A branch, a tag or a commit is the ref.",
	"url":        "The argument is called repository.",
	"partition":  "It belongs into a block of its own: slurm { partition = … }.",
}

// innermost is the spec of the block that a place is in, and what it is called.
func innermost(spec hcldec.Spec, block *hcl.Block, place hcl.Range) (hcldec.Spec, string) {
	body, ok := block.Body.(*hclsyntax.Body)
	if !ok || spec == nil {
		return nil, ""
	}
	for _, inner := range body.Blocks {
		if within(place, []hcl.Range{inner.Body.Range()}) {
			return innermost(hcldec.ChildBlockTypes(spec)[inner.Type], inner.AsHCLBlock(), place)
		}
	}
	return spec, block.Type
}

// homeOf is the first nested block that has an argument of this name, or "".
func homeOf(spec hcldec.Spec, name string) string {
	children := hcldec.ChildBlockTypes(spec)
	for _, block := range slices.Sorted(maps.Keys(children)) {
		for _, a := range hcldec.ImpliedSchema(children[block]).Attributes {
			if a.Name == name {
				return block
			}
		}
	}
	return ""
}

// spec is what the node's block may hold, or nil.
func (n *node) spec() hcldec.Spec {
	switch {
	case n.kind != nil:
		return stages.Spec(n.kind)
	case n.block == nil:
		return nil
	case n.name == defaultsNode:
		return stages.DefaultsSpec()
	case n.block.Type == "output":
		return outputSpec
	case n.block.Type == "pipeline":
		return headerSpec
	}
	return nil
}
