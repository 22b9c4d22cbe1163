package stages

import (
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Origin marks a path that a stage makes. Whatever a path is put into keeps the
// mark, so that a stage's dependencies are read off the values it uses: one
// instance of a repeated stage depends on one instance.
type Origin struct {
	Address string
	Path    string // the whole of the path that was referred to; "" while it is not known
}

// unpinned marks what is not known before its clone is pinned, and is no path.
const unpinned = pending("unpinned")

type pending string

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

// fromStage reports whether v, or anything in it, is known only through a stage.
func fromStage(v cty.Value) bool {
	_, marks := v.UnmarkDeep()
	_, pending := marks[unpinned]
	return pending || len(origins(v)) > 0
}

// origins is what v is made from, in no order.
func origins(v cty.Value) []Origin {
	plain, marked := v.UnmarkDeepWithPaths()
	var found []Origin
	for _, m := range marked {
		var here []Origin
		for mark := range m.Marks {
			if o, ok := mark.(Origin); ok {
				here = append(here, o)
			}
		}
		if len(here) > 1 {
			here = chosen(here, plain, m.Path)
		}
		found = append(found, here...)
	}
	return found
}

// chosen leaves out the paths that a condition did not choose: HCL gives the
// result of one the marks of both its branches.
func chosen(all []Origin, whole cty.Value, at cty.Path) []Origin {
	v, err := at.Apply(whole)
	if err != nil || !isText(v) {
		return all
	}
	var contained []Origin
	for _, o := range all {
		if o.Path != "" && strings.Contains(v.AsString(), o.Path) {
			contained = append(contained, o)
		}
	}
	if len(contained) == 0 {
		return all
	}
	return contained
}
