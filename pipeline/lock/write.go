package lock

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/pipeline/workspace"
)

const header = "# This file is written by \"runpipe lock\". Commit it; do not edit it.\n\n"

// Write writes the file whole, unless it says the same already. An empty lock is
// not written where there is none.
func (f *File) Write(path string) error {
	data := f.bytes()
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, data) {
		return nil
	}
	if os.IsNotExist(err) && len(f.clones) == 0 && len(f.environments) == 0 && len(f.data) == 0 {
		return nil
	}
	if err := workspace.WriteFile(path, data, 0o644); err != nil {
		return fmt.Errorf("writing the lock file: %w", err)
	}
	return nil
}

// bytes is the file's text, the same for the same pins.
func (f *File) bytes() []byte {
	file := hclwrite.NewEmptyFile()
	body := file.Body()
	body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte(header)}})
	body.SetAttributeValue("version", cty.NumberIntVal(Version))
	for _, k := range f.keys() {
		body.AppendNewline()
		f.clones[k].write(body.AppendNewBlock("clone", []string{k.repository, k.ref}).Body())
	}
	for _, asked := range slices.Sorted(maps.Keys(f.data)) {
		body.AppendNewline()
		writeData(f.data[asked], body.AppendNewBlock("data", []string{asked}).Body())
	}
	for _, asked := range slices.Sorted(maps.Keys(f.environments)) {
		body.AppendNewline()
		writeEnvironment(f.environments[asked], body.AppendNewBlock("environment", []string{asked}).Body())
	}
	return hclwrite.Format(file.Bytes())
}

func (c *clone) write(body *hclwrite.Body) {
	body.SetAttributeValue("commit", cty.StringVal(c.commit))
	if c.tree != "" {
		body.SetAttributeValue("tree", cty.StringVal(c.tree))
	}
	for _, set := range slices.Sorted(maps.Keys(c.paths)) {
		var only []cty.Value
		for p := range strings.SplitSeq(set, pathSeparator) {
			only = append(only, cty.StringVal(p))
		}
		block := body.AppendNewBlock("paths", nil).Body()
		block.SetAttributeValue("only", cty.ListVal(only))
		block.SetAttributeValue("digest", cty.StringVal(c.paths[set]))
	}
	if len(c.requirements) > 0 {
		digests := map[string]cty.Value{}
		for path, digest := range c.requirements {
			digests[path] = cty.StringVal(digest)
		}
		body.SetAttributeValue("requirements", cty.MapVal(digests))
	}
}

// keys are sorted by repository, then ref.
func (f *File) keys() []key {
	return slices.SortedFunc(maps.Keys(f.clones), func(a, b key) int {
		return cmp.Or(strings.Compare(a.repository, b.repository), strings.Compare(a.ref, b.ref))
	})
}
