package stages

import (
	"path"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
)

// judgedSpec is the blocks that are read in the job, from what the command left.
var judgedSpec = hcldec.ObjectSpec{
	"metric": &hcldec.BlockTupleSpec{TypeName: "metric", Nested: merged(arguments("pattern", "tolerance"), hcldec.ObjectSpec{
		"name":  &hcldec.BlockLabelSpec{Index: 0, Name: "name"},
		"value": &hcldec.AttrSpec{Name: "value", Type: deferredType},
	})},
	"check": &hcldec.BlockTupleSpec{TypeName: "check", Nested: merged(arguments("warn"), hcldec.ObjectSpec{
		"name":          &hcldec.BlockLabelSpec{Index: 0, Name: "name"},
		"condition":     deferred("condition"),
		"error_message": deferred("error_message"),
	})},
}

// decodeMetrics reads the metrics file's path and the metric blocks.
func (b *Block) decodeMetrics(s *Stage) {
	if a := b.Group.get("metrics"); a != nil {
		if text, ok := b.text(a); ok {
			clean, err := insidePath(text)
			switch _, globErr := path.Match(clean, ""); {
			case err != nil || clean == ".":
				b.fault(a, nil, "Invalid path", "%q %s: the command writes its metrics below the folder where it starts.", text, orWhole(err))
			case globErr != nil:
				b.fault(a, nil, "Invalid path", "%q is not a pattern for file names: a [ lacks its ].", text)
			default:
				s.Metrics = clean
			}
		}
	}
	seen := map[string]bool{}
	for _, g := range b.Group.groups("metric") {
		name := g.label("name")
		switch m, ok := b.metric(g, name); {
		case !ok:
		case seen[name]:
			b.fault(anyOf(g), nil, "Duplicate metric", "The stage has a metric %q already.", name)
		default:
			seen[name] = true
			s.Metric = append(s.Metric, m)
		}
	}
}

// anyOf is an argument of a metric block, for a place to show.
func anyOf(g Group) *Argument {
	if a := g.get("pattern"); a != nil {
		return a
	}
	return g.get("value")
}

func (b *Block) metric(g Group, name string) (Metric, bool) {
	pattern, value := g.get("pattern"), g.get("value")
	if pattern == nil && value == nil {
		b.faultAt("Missing value", "metric %q needs a pattern to find it in the log, or a value from the metrics file.", name)
		return Metric{}, false
	}
	if !isIdentifier(name) {
		b.fault(anyOf(g), nil, "Invalid name", "%q is not a name for a metric: checks refer to it as metrics.<name>.%s", name, nameHint(name))
		return Metric{}, false
	}
	if pattern != nil && value != nil {
		b.fault(value, nil, "Pattern and value", "A metric comes from the log by its pattern, or from the metrics file by its value, not from both.")
		return Metric{}, false
	}
	if pattern != nil {
		text, ok := b.pattern(pattern)
		return Metric{Name: name, Pattern: text}, ok
	}
	if b.Group.get("metrics") == nil {
		b.fault(value, nil, "Value without a metrics file", "value is taken from the metrics file: add metrics = \"metrics.json\", or use a pattern on the log.")
		return Metric{}, false
	}
	text, ok := b.source(value)
	return Metric{Name: name, Value: text}, ok && b.typed(value, map[string]cty.Value{"metrics": cty.DynamicVal}, cty.Number)
}

func (b *Block) pattern(a *Argument) (string, bool) {
	text, ok := b.line(a)
	if !ok {
		return "", false
	}
	re, err := regexp.Compile(text)
	switch {
	case err != nil:
		b.fault(a, nil, "Invalid pattern", "The pattern is not a regular expression: %s.", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	case re.NumSubexp() != 1:
		b.fault(a, nil, "Invalid pattern", "A pattern has one group ( ) around the number, and this one has %d. (?: ) groups without counting.", re.NumSubexp())
	default:
		return text, true
	}
	return "", false
}

// source is the text of a deferred argument.
func (b *Block) source(a *Argument) (string, bool) {
	if b.Source == nil {
		return "", false
	}
	return b.Source(a.Expr.Range())
}
