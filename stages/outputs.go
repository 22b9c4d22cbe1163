package stages

import (
	"maps"
	"slices"
	"strings"
)

// outputs reads the paths that a command leaves, by name.
func (b *Block) outputs() map[string]string {
	a := b.Group.get("outputs")
	entries, _ := b.entries(a, `{ model = "out/model.keras" }`)
	var outputs map[string]string
	written := map[string]string{} // path → name
	for _, e := range entries {
		if !isIdentifier(e.key) {
			b.fault(a, e.name, "Invalid name", "%q is not a name for an output: it is referred to as outputs.<name>.%s", e.key, nameHint(e.key))
			continue
		}
		at := a.of(e)
		at.Name = e.key
		text, ok := b.text(at)
		if !ok {
			continue
		}
		clean, err := insidePath(text)
		if err != nil || clean == "." {
			b.fault(at, nil, "Invalid path", "%q %s: an output is a file or a folder below the one where the command starts.", text, orWhole(err))
			continue
		}
		for _, other := range slices.Sorted(maps.Keys(written)) {
			name := written[other]
			if overlap(other, clean) {
				b.fault(at, nil, "Outputs overlap", "%s and %s share a path, and outputs are moved: each file can be part of one only.",
					min(name, e.key), max(name, e.key))
				break
			}
		}
		written[clean] = e.key
		if outputs == nil {
			outputs = map[string]string{}
		}
		outputs[e.key] = clean
	}
	return outputs
}

func orWhole(err error) string {
	if err != nil {
		return err.Error()
	}
	return "is the whole working copy"
}

// nameHint mends a name that is not an identifier.
func nameHint(name string) string {
	if better := Identifier(name); better != "" {
		return " Did you mean \"" + better + "\"?"
	}
	return ""
}

// Identifier is the identifier nearest to name, or "": "7b" is m7b.
func Identifier(name string) string {
	var out strings.Builder
	for _, r := range name {
		switch {
		case r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z', out.Len() > 0 && (r == '-' || r >= '0' && r <= '9'):
			out.WriteRune(r)
		case r >= '0' && r <= '9':
			out.WriteString("m" + string(r))
		case out.Len() > 0:
			out.WriteByte('_')
		}
	}
	return strings.Trim(out.String(), "_-")
}

// IsIdentifier reports whether s may name a stage, a variable or an output.
func IsIdentifier(s string) bool { return isIdentifier(s) }
