package stages

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
)

// References is what the expressions of a kind's block refer to: those that are
// evaluated before the run, those of checks, and those of metrics' values.
func References(k Kind, body hcl.Body) (plain, judged, measured []hcl.Traversal) {
	split := splits[k.Name()]
	return hcldec.Variables(body, split.plain), hcldec.Variables(body, split.judged), hcldec.Variables(body, split.measured)
}

// inBlocks looks into all blocks of a type, each with one label.
func inBlocks(block string, names ...string) hcldec.Spec {
	nested := arguments(names...)
	nested["name"] = &hcldec.BlockLabelSpec{Index: 0, Name: "name"} // without it the blocks would not be seen
	return &hcldec.BlockTupleSpec{TypeName: block, Nested: nested}
}

// split is a kind's spec in three, by when its expressions are evaluated.
type split struct{ plain, judged, measured hcldec.ObjectSpec }

var splits = func() map[string]split {
	all := map[string]split{}
	for _, k := range registry {
		s := split{plain: merged(specs[k.Name()])}
		if _, judges := s.plain["check"]; judges {
			s.plain["metric"] = inBlocks("metric", "pattern", "tolerance")
			s.plain["check"] = inBlocks("check", "warn")
			s.judged = hcldec.ObjectSpec{"check": inBlocks("check", "condition", "error_message")}
			s.measured = hcldec.ObjectSpec{"metric": inBlocks("metric", "value")}
		}
		all[k.Name()] = s
	}
	return all
}()
