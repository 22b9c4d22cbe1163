package lock

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/stages/python"
)

// Read reads a lock file. One that does not exist is empty. Whatever runpipe would
// not have written is refused at its place: a lock that was damaged must not pin.
func Read(path string) (*File, hcl.Diagnostics) {
	f := &File{clones: map[key]*clone{}, environments: map[string]*python.Lock{}, data: map[string]DataPin{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Lock file not readable", Detail: fmt.Sprintf("The lock file cannot be read: %v.", err)}}
	}
	if place, ok := conflict(path, data); ok {
		return f, hcl.Diagnostics{wrong(place, "Merge conflict in the lock file",
			"Two branches pinned different things. Keep one side of each conflict, or take either file whole, then run runpipe lock.")}
	}
	parsed, diags := hclsyntax.ParseConfig(data, path, hcl.InitialPos)
	f.parsed = parsed
	if diags.HasErrors() {
		diags[0].Detail += " A lock file is written by runpipe: take it from your repository again, or delete it and run runpipe lock."
		return f, diags
	}
	return f, f.decode(parsed.Body.(*hclsyntax.Body), filepath.Base(path))
}

// conflict finds the mark that git leaves where it could not merge.
func conflict(path string, data []byte) (hcl.Range, bool) {
	offset := 0
	for n, line := range bytes.SplitAfter(data, []byte("\n")) {
		if bytes.HasPrefix(line, []byte("<<<<<<< ")) {
			length := len(bytes.TrimRight(line, "\r\n"))
			return hcl.Range{Filename: path,
				Start: hcl.Pos{Line: n + 1, Column: 1, Byte: offset},
				End:   hcl.Pos{Line: n + 1, Column: length + 1, Byte: offset + length}}, true
		}
		offset += len(line)
	}
	return hcl.Range{}, false
}

func wrong(place hcl.Range, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &place}
}

// advice ends the messages about a file that was edited or damaged.
const advice = " Take the file from your repository again, or delete this block and run runpipe lock."

func (f *File) decode(body *hclsyntax.Body, name string) hcl.Diagnostics {
	content, diags := body.Content(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "version", Required: true}},
		Blocks: []hcl.BlockHeaderSchema{
			{Type: "clone", LabelNames: []string{"repository", "ref"}},
			{Type: "environment", LabelNames: []string{"asked"}},
			{Type: "data", LabelNames: []string{"asked"}},
		},
	})
	if version := content.Attributes["version"]; version != nil {
		value, more := version.Expr.Value(nil)
		diags = append(diags, more...)
		if !more.HasErrors() && !value.RawEquals(cty.NumberIntVal(Version)) {
			return append(diags, wrong(version.Expr.Range(), "Unsuitable lock file",
				fmt.Sprintf("%s is of another version than %d, which this runpipe reads: use the runpipe that wrote it.", name, Version)))
		}
	}
	for _, block := range content.Blocks.OfType("environment") {
		diags = append(diags, f.decodeEnvironment(block)...)
	}
	for _, block := range content.Blocks.OfType("data") {
		diags = append(diags, f.decodeData(block)...)
	}
	for _, block := range content.Blocks.OfType("clone") {
		k := key{block.Labels[0], block.Labels[1]}
		if f.clones[k] != nil {
			diags = append(diags, wrong(block.DefRange, "Pinned twice", fmt.Sprintf("%s %q stands in the file more than once.%s", k.repository, k.ref, advice)))
			continue
		}
		c, more := decodeClone(block.Body, block.DefRange)
		diags = append(diags, more...)
		f.clones[k] = c
	}
	return diags
}

func decodeClone(body hcl.Body, place hcl.Range) (*clone, hcl.Diagnostics) {
	content, diags := body.Content(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "commit", Required: true}, {Name: "tree"}, {Name: "requirements"}},
		Blocks:     []hcl.BlockHeaderSchema{{Type: "paths"}},
	})
	c := newClone("", "")
	diags = append(diags, text(content.Attributes["commit"], isObject, &c.commit)...)
	if tree := content.Attributes["tree"]; tree != nil {
		diags = append(diags, text(tree, isObject, &c.tree)...)
	} else if len(content.Blocks) == 0 {
		diags = append(diags, wrong(place, "Nothing pinned", "The block names neither a tree nor paths."+advice))
	}
	diags = append(diags, decodeRequirements(content.Attributes["requirements"], c)...)
	for _, block := range content.Blocks {
		set, digest, more := decodePaths(block)
		diags = append(diags, more...)
		if more.HasErrors() {
			continue
		}
		if _, twice := c.paths[set]; twice {
			diags = append(diags, wrong(block.DefRange, "Pinned twice", "These paths stand in the block more than once."+advice))
		}
		c.paths[set] = digest
	}
	return c, diags
}

func decodePaths(block *hcl.Block) (set, digest string, diags hcl.Diagnostics) {
	content, diags := block.Body.Content(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "only", Required: true}, {Name: "digest", Required: true}},
	})
	diags = append(diags, text(content.Attributes["digest"], isDigest, &digest)...)
	only := content.Attributes["only"]
	if only == nil {
		return "", "", diags
	}
	value, more := only.Expr.Value(nil)
	diags = append(diags, more...)
	if more.HasErrors() {
		return "", "", diags
	}
	var paths []string
	if value.Type().IsTupleType() {
		for _, element := range value.AsValueSlice() {
			if element.Type() == cty.String && !element.IsNull() {
				paths = append(paths, element.AsString())
			}
		}
	}
	set = pathKey(paths)
	if set == "" || !value.Type().IsTupleType() || value.LengthInt() != len(strings.Split(set, pathSeparator)) {
		diags = append(diags, wrong(only.Expr.Range(), "Damaged lock file", "only must be a list of different paths."+advice))
	}
	return set, digest, diags
}

func decodeRequirements(attribute *hcl.Attribute, c *clone) hcl.Diagnostics {
	if attribute == nil {
		return nil
	}
	pairs, diags := hcl.ExprMap(attribute.Expr)
	for _, pair := range pairs {
		path, more := pair.Key.Value(nil)
		diags = append(diags, more...)
		digest, more := pair.Value.Value(nil)
		diags = append(diags, more...)
		if diags.HasErrors() {
			continue
		}
		if path.Type() != cty.String || path.IsNull() || digest.Type() != cty.String || digest.IsNull() || !isDigest(digest.AsString()) {
			diags = append(diags, wrong(pair.Value.Range(), "Damaged lock file", "A requirements file wants a digest: sha256: and 64 hex digits."+advice))
			continue
		}
		c.requirements[path.AsString()] = digest.AsString()
	}
	return diags
}

// text reads a string that must be as runpipe writes it.
func text(attribute *hcl.Attribute, valid func(string) bool, to *string) hcl.Diagnostics {
	if attribute == nil {
		return nil // the schema has complained
	}
	value, diags := attribute.Expr.Value(nil)
	if diags.HasErrors() {
		return diags
	}
	if value.Type() != cty.String || value.IsNull() || !valid(value.AsString()) {
		form := "40 hex digits"
		if attribute.Name == "digest" {
			form = "sha256: and 64 hex digits"
		}
		return append(diags, wrong(attribute.Expr.Range(), "Damaged lock file", fmt.Sprintf("%s must be %s.%s", attribute.Name, form, advice)))
	}
	*to = value.AsString()
	return diags
}

func isObject(s string) bool { return isHex(s, 40) }

func isDigest(s string) bool {
	rest, ok := strings.CutPrefix(s, "sha256:")
	return ok && isHex(rest, 64)
}

func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}
