package supervise

import (
	"slices"
	"strings"
)

// environ is a process's environment by name.
type environ map[string]string

func newEnviron(list []string) environ {
	env := environ{}
	for _, variable := range list {
		if name, value, ok := strings.Cut(variable, "="); ok && name != "" {
			env[name] = value
		}
	}
	return env
}

// list is the environment as exec wants it, sorted.
func (e environ) list() []string {
	out := make([]string, 0, len(e))
	for name, value := range e {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}

// take copies variables that are set in from.
func (e environ) take(from environ, names ...string) {
	for _, name := range names {
		if value, ok := from[name]; ok {
			e[name] = value
		}
	}
}
