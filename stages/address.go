package stages

import (
	"fmt"
	"strings"
)

// String is the address as it is written in a pipeline and on the screen.
func (a Address) String() string {
	if a.Key == "" {
		return a.Kind + "." + a.Name
	}
	return fmt.Sprintf("%s.%s[%q]", a.Kind, a.Name, a.Key)
}

// Path is the address as a relative folder, slash-separated: train.cnn or
// train.cnn/lr=0.1,seed=1. A key's characters need no quoting in a path.
func (a Address) Path() string {
	if a.Key == "" {
		return a.Kind + "." + a.Name
	}
	return a.Kind + "." + a.Name + "/" + a.Key
}

// ParseAddress reads an address in either of its forms.
func ParseAddress(s string) (Address, error) {
	kind, rest, ok := strings.Cut(s, ".")
	name, key := rest, ""
	if head, tail, found := strings.Cut(rest, `["`); found {
		var closed bool
		name = head
		if key, closed = strings.CutSuffix(tail, `"]`); !closed || key == "" {
			return Address{}, fmt.Errorf("%q is not a stage's address: the key wants the form %s[\"key\"]", s, head)
		}
	} else if head, tail, found := strings.Cut(rest, "/"); found {
		name, key = head, tail
	}
	a := Address{Kind: kind, Name: name, Key: key}
	if !ok || !isIdentifier(kind) || !isIdentifier(name) || (key != "" && !isKey(key)) {
		return Address{}, fmt.Errorf("%q is not a stage's address, such as train.cnn", s)
	}
	return a, nil
}

func isIdentifier(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}

// isKey reports whether s may name an instance. "." and ".." would be folders.
func isKey(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._+=,@-", r) {
			return false
		}
	}
	return s != "" && s != "." && s != ".."
}
