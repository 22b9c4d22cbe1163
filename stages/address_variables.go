package stages

import (
	"slices"
	"strings"
)

// An address in a file of packages may hold ${NAME}, a variable of who applies the
// pipeline, and then its value goes to the host that the address names. The file may be
// a stranger's, in a repository that is cloned: so that it gets no secret by asking for
// it, each of these variables has to stand in the block too.

// addressVariables reads pass_env of an environment.
func (b *Block) addressVariables() []element {
	a := b.Group.get("pass_env")
	if !b.early(a) {
		return nil
	}
	if b.Group.get("conda") == nil && b.Group.get("requirements") == nil {
		b.fault(a, nil, "No addresses", "pass_env names the variables that the addresses of a file of packages may hold as ${NAME}, and no such file is given (requirements or conda).")
		return nil
	}
	elements, _ := b.list(a, `["LAB_TOKEN"]`)
	var known []element
	for _, e := range elements {
		if isNull(e.value) {
			continue
		}
		if name, ok := b.text(a.of(e)); ok && b.variableName(a, e, name) {
			e.key = name
			known = append(known, e)
		}
	}
	return known
}

// fitVariables holds the variables in the addresses of a file, which the argument names,
// against those that the block names.
func (b *Block) fitVariables(used []string, a *Argument, file string, passed []element) {
	var missing []string
	for _, name := range used {
		if !slices.ContainsFunc(passed, func(e element) bool { return e.key == name }) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		all := make([]string, len(passed))
		for i, e := range passed {
			all[i] = e.key
		}
		all = union(all, missing)
		b.fault(a, nil, "Undeclared variable", "%s would get ${%s} from your environment, and send it to the host that its address names. If it may, name it in this block: pass_env = [\"%s\"].",
			file, strings.Join(missing, "} and ${"), strings.Join(all, `", "`))
	}
	for _, e := range passed {
		if !slices.Contains(used, e.key) {
			b.fault(b.Group.get("pass_env"), e.expr, "Unused variable", "No address in %s holds ${%s}, and nothing else of an environment gets variables.", file, e.key)
		}
	}
}
