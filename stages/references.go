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

// split is a kind's spec in three, by when its expressions are evaluated.
type split struct{ plain, judged, measured hcldec.ObjectSpec }

var splits = func() map[string]split {
	all := map[string]split{}
	for _, k := range registry {
		s := split{plain: merged(specs[k.Name()])}
		if _, judges := s.plain["check"]; judges {
			s.plain["metric"] = &hcldec.BlockTupleSpec{TypeName: "metric", Nested: arguments("pattern")}
			s.plain["check"] = &hcldec.BlockTupleSpec{TypeName: "check", Nested: arguments("warn")}
			s.judged = hcldec.ObjectSpec{"check": &hcldec.BlockTupleSpec{TypeName: "check", Nested: arguments("condition", "error_message")}}
			s.measured = hcldec.ObjectSpec{"metric": &hcldec.BlockTupleSpec{TypeName: "metric", Nested: arguments("value")}}
		}
		all[k.Name()] = s
	}
	return all
}()
