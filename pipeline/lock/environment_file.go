package lock

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/stages/python"
)

// Packages is what was locked for an environment that asks for this.
func (f *File) Packages(asked python.Asked) (*python.Lock, bool) {
	lock, ok := f.environments[asked.Digest()]
	return lock, ok
}

// writeEnvironment writes the packages by name, each with its files; those of conda
// in the order in which they are installed.
func writeEnvironment(l *python.Lock, body *hclwrite.Body) {
	if l.Manager != "" {
		body.SetAttributeValue("manager", cty.StringVal(l.Manager))
	}
	if l.Python != "" {
		body.SetAttributeValue("python", cty.StringVal(l.Python))
	}
	body.SetAttributeValue("platform", cty.StringVal(l.Platform))
	for _, p := range l.Packages {
		block := body.AppendNewBlock("package", []string{p.Name}).Body()
		block.SetAttributeValue("version", cty.StringVal(p.Version))
		if p.Build != "" {
			block.SetAttributeValue("build", cty.StringVal(p.Build))
		}
		if p.URL != "" {
			block.SetAttributeValue("url", cty.StringVal(p.URL))
		}
		files := map[string]cty.Value{}
		for name, digest := range p.Files {
			files[name] = cty.StringVal(digest)
		}
		block.SetAttributeValue("files", cty.MapVal(files)) // never none: see python.Resolve
	}
}

// The forms of what stands in an environment's block. A lock file may come from
// anywhere, and what it says ends up in a requirements file, line by line.
var (
	minorForm   = regexp.MustCompile(`^3\.\d+$`)
	nameForm    = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	versionForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.!+_-]*$`)
	urlForm     = regexp.MustCompile(`^(https?|file)://[^\s@#;]+(#[^\s@;]*)?$`)
	fileForm    = regexp.MustCompile(`^[0-9A-Za-z_][0-9A-Za-z._+!-]*$`)
)

func (f *File) decodeEnvironment(block *hcl.Block) hcl.Diagnostics {
	content, diags := block.Body.Content(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "manager"}, {Name: "python"}, {Name: "platform", Required: true}},
		Blocks:     []hcl.BlockHeaderSchema{{Type: "package", LabelNames: []string{"name"}}},
	})
	asked, l := block.Labels[0], &python.Lock{}
	if !isDigest(asked) {
		diags = append(diags, damaged(block.LabelRanges[0], "an environment is named by a digest: sha256: and 64 hex digits"))
	}
	if f.environments[asked] != nil {
		diags = append(diags, wrong(block.DefRange, "Locked twice", fmt.Sprintf("The environment %s stands in the file more than once.%s", asked, advice)))
	}
	diags = append(diags, formed(content.Attributes["manager"], isManager, `"conda"`, &l.Manager)...)
	diags = append(diags, formed(content.Attributes["python"], minorForm.MatchString, `a version such as "3.11"`, &l.Python)...)
	if l.Python == "" && l.Manager == "" && content.Attributes["python"] == nil {
		diags = append(diags, damaged(block.DefRange, "python is missing"))
	}
	diags = append(diags, formed(content.Attributes["platform"], python.IsPlatform, `a platform such as "linux_x86_64"`, &l.Platform)...)
	if l.Manager == python.Conda {
		f.environments[asked] = l
		return append(diags, decodeConda(content.Blocks, block.DefRange, l)...)
	}
	for _, one := range content.Blocks {
		p, more := decodePackage(one)
		diags = append(diags, more...)
		if n := len(l.Packages); n > 0 && l.Packages[n-1].Name >= p.Name {
			diags = append(diags, damaged(one.DefRange, "packages stand in the order of their names, each once"))
		}
		l.Packages = append(l.Packages, p)
	}
	f.environments[asked] = l
	return diags
}

func decodePackage(block *hcl.Block) (python.Package, hcl.Diagnostics) {
	content, diags := block.Body.Content(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "version", Required: true}, {Name: "url"}, {Name: "files", Required: true}},
	})
	p := python.Package{Name: block.Labels[0], Files: map[string]string{}}
	if !nameForm.MatchString(p.Name) {
		diags = append(diags, damaged(block.LabelRanges[0], "a package's name has small letters, digits and dashes"))
	}
	diags = append(diags, formed(content.Attributes["version"], versionForm.MatchString, "a version", &p.Version)...)
	diags = append(diags, formed(content.Attributes["url"], urlForm.MatchString, "an address without credentials", &p.URL)...)
	if files := content.Attributes["files"]; files != nil {
		diags = append(diags, decodeFiles(files, p.Files)...)
	}
	return p, diags
}

// decodeFiles reads the names of files with their digests.
func decodeFiles(attribute *hcl.Attribute, to map[string]string) hcl.Diagnostics {
	value, diags := attribute.Expr.Value(nil)
	if diags.HasErrors() {
		return diags
	}
	if !value.Type().IsObjectType() || value.LengthInt() == 0 {
		return append(diags, damaged(attribute.Expr.Range(), "files must be a map of names to digests, with one at least"))
	}
	files := value.AsValueMap()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		digest := files[name]
		if digest.Type() != cty.String || digest.IsNull() || !isDigest(digest.AsString()) || !fileForm.MatchString(name) {
			diags = append(diags, damaged(attribute.Expr.Range(), fmt.Sprintf("%s wants a digest: sha256: and 64 hex digits", name)))
			continue
		}
		to[name] = digest.AsString()
	}
	return diags
}

// formed reads a string of a certain form.
func formed(attribute *hcl.Attribute, valid func(string) bool, form string, to *string) hcl.Diagnostics {
	if attribute == nil {
		return nil // the schema has complained, if it must be there
	}
	value, diags := attribute.Expr.Value(nil)
	if diags.HasErrors() {
		return diags
	}
	if value.Type() != cty.String || value.IsNull() || !valid(value.AsString()) {
		return append(diags, damaged(attribute.Expr.Range(), attribute.Name+" must be "+form))
	}
	*to = value.AsString()
	return diags
}

func damaged(place hcl.Range, what string) *hcl.Diagnostic {
	return wrong(place, "Damaged lock file", what+"."+advice)
}
