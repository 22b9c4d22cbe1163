package lock

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages/conda"
	"github.com/runpipe/runpipe/stages/python"
)

func isManager(text string) bool { return text == python.Conda }

// decodeConda reads the packages of an environment of conda's. What they say ends up
// in a list that a client installs from.
func decodeConda(blocks hcl.Blocks, place hcl.Range, l *python.Lock) hcl.Diagnostics {
	var diags hcl.Diagnostics
	seen := map[string]bool{}
	for _, block := range blocks {
		p, more := decodeCondaPackage(block)
		diags = append(diags, more...)
		if seen[p.Name] {
			diags = append(diags, damaged(block.DefRange, "each package stands in an environment once"))
		}
		seen[p.Name] = true
		l.Packages = append(l.Packages, p)
	}
	if len(blocks) == 0 {
		return append(diags, damaged(place, "an environment of conda's has packages"))
	}
	return diags
}

func decodeCondaPackage(block *hcl.Block) (python.Package, hcl.Diagnostics) {
	content, diags := block.Body.Content(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "version", Required: true}, {Name: "build", Required: true}, {Name: "url", Required: true}, {Name: "files", Required: true}},
	})
	p := python.Package{Name: block.Labels[0], Files: map[string]string{}}
	some := func(string) bool { return true } // held against the address below
	diags = append(diags, formed(content.Attributes["version"], some, "a version", &p.Version)...)
	diags = append(diags, formed(content.Attributes["build"], some, "a build", &p.Build)...)
	diags = append(diags, formed(content.Attributes["url"], some, "an address", &p.URL)...)
	if files := content.Attributes["files"]; files != nil {
		diags = append(diags, decodeFiles(files, p.Files)...)
	}
	if diags.HasErrors() {
		return p, diags
	}
	if err := conda.CheckLocked(p); err != nil {
		diags = append(diags, damaged(block.DefRange, fmt.Sprintf("%s: %s", p.Name, err)))
	}
	return p, diags
}
