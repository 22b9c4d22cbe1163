package stages

import "github.com/zclconf/go-cty/cty"

// Origin marks a path that a stage makes. Whatever a path is put into keeps the
// mark, so that a stage's dependencies are read off the values it uses: one
// instance of a repeated stage depends on one instance.
type Origin struct {
	Address string
	Path    string // the whole of the path that was referred to; "" while it is not known
}

// Sensitive marks a value that is never shown or written: it may only be given
// to a job's environment.
const Sensitive = sensitive("sensitive")

type sensitive string

// IsSensitive reports whether v, or anything in it, is sensitive.
func IsSensitive(v cty.Value) bool {
	_, marks := v.UnmarkDeep()
	_, is := marks[Sensitive]
	return is
}

// origins is what v is made from, without the order of a map.
func origins(v cty.Value) []Origin {
	_, marks := v.UnmarkDeep()
	var found []Origin
	for mark := range marks {
		if o, ok := mark.(Origin); ok {
			found = append(found, o)
		}
	}
	return found
}
