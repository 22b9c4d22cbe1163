package stages

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Tolerance is how far a metric may be from what it was in an earlier run of the
// same code on the same data, for the result to count as reproduced. It is not
// part of a stage's key.
type Tolerance struct {
	Metric   string
	By       float64 // in the metric's own unit, or with Relative a fraction of the earlier value
	Relative bool
}

// ParseTolerance reads a tolerance as it is written: 0.005, or 2% of the value.
func ParseTolerance(metric, text string) (Tolerance, error) {
	number, relative := strings.CutSuffix(strings.TrimSpace(text), "%")
	by, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(by >= 0) || math.IsInf(by, 0) {
		return Tolerance{}, fmt.Errorf("%q is not a tolerance: write how far %s may be off, as in 0.005, or \"2%%\" of the value", text, metric)
	}
	if relative {
		by /= 100
	}
	return Tolerance{Metric: metric, By: by, Relative: relative}, nil
}

// Allows reports whether is may stand where was stood before.
func (t Tolerance) Allows(was, is float64) bool {
	by := t.By
	if t.Relative {
		by *= math.Abs(was)
	}
	return math.Abs(is-was) <= by
}

// String is the tolerance as a person writes it.
func (t Tolerance) String() string {
	if t.Relative {
		return strconv.FormatFloat(t.By*100, 'g', -1, 64) + "%"
	}
	return strconv.FormatFloat(t.By, 'g', -1, 64)
}

// decodeTolerance reads tolerance = { accuracy = 0.005 }, and those that metric
// blocks have of their own.
func (b *Block) decodeTolerance(s *Stage) {
	a := b.Group.get("tolerance")
	entries, _ := b.entries(a, `{ accuracy = 0.005 }`)
	given := map[string]bool{}
	for _, e := range entries {
		if isNull(e.value) {
			continue
		}
		at := a.of(e)
		switch named := b.measures(s, e.key); {
		case !named:
			b.fault(at, e.name, "Unknown metric", "The stage measures no %q.", e.key)
		default:
			given[e.key] = true
			b.tolerance(s, at, e.key)
		}
	}
	for _, g := range b.Group.groups("metric") {
		own, name := g.get("tolerance"), g.label("name")
		switch {
		case own == nil:
		case given[name]:
			b.fault(own, nil, "Two tolerances", "The stage's tolerance has %s already.", name)
		default:
			b.tolerance(s, own, name)
		}
	}
}

// measures reports whether the stage may have a metric of this name. What a
// metrics file holds is not known before it is written.
func (b *Block) measures(s *Stage, metric string) bool {
	if b.Group.get("metrics") != nil {
		return true
	}
	for _, m := range s.Metric {
		if m.Name == metric {
			return true
		}
	}
	return false
}

func (b *Block) tolerance(s *Stage, a *Argument, metric string) {
	v, ok := b.as(a, cty.String)
	if !ok {
		return
	}
	t, err := ParseTolerance(metric, v.AsString())
	if err != nil {
		b.fault(a, nil, unsuitable, "%s.", err)
		return
	}
	s.Tolerances = append(s.Tolerances, t)
}
