package check

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/runpipe/runpipe/stages"
)

// measured is `metrics` in an expression: the metrics file's content, overlaid
// with the stage's named metrics.
func measured(results any, metrics map[string]float64) cty.Value {
	tree := map[string]any{}
	if object, ok := results.(map[string]any); ok {
		for name, v := range object {
			tree[name] = v
		}
	}
	for name, n := range metrics {
		if already, ok := number(tree[name]); !ok || already != n {
			tree[name] = n // else the file's own digits stay
		}
	}
	return value(tree)
}

// nested is an upstream's metrics as an object: "test.accuracy" is found under
// its whole name, and as test.accuracy too.
func nested(metrics map[string]float64) cty.Value {
	tree := map[string]any{}
	for _, name := range names(metrics) {
		tree[name] = metrics[name]
	}
	for _, name := range names(metrics) {
		parts := strings.Split(name, ".")
		at := tree
		for _, part := range parts[:len(parts)-1] {
			inner, ok := at[part].(map[string]any)
			if !ok {
				if at[part] != nil {
					at = nil // a number has this name: the dotted one alone stays
					break
				}
				inner = map[string]any{}
				at[part] = inner
			}
			at = inner
		}
		if last := parts[len(parts)-1]; at != nil && at[last] == nil {
			at[last] = metrics[name]
		}
	}
	return value(tree)
}

// others is the upstreams' metrics by kind and name: train.cnn.metrics, and for
// an instance train.cnn["lr=0.1"].metrics.
func others(upstreams map[string]map[string]float64) (map[string]cty.Value, error) {
	kinds := map[string]map[string]map[string]cty.Value{}
	for text, metrics := range upstreams {
		a, err := stages.ParseAddress(text)
		if err != nil {
			return nil, err
		}
		if kinds[a.Kind] == nil {
			kinds[a.Kind] = map[string]map[string]cty.Value{}
		}
		if kinds[a.Kind][a.Name] == nil {
			kinds[a.Kind][a.Name] = map[string]cty.Value{}
		}
		stage := cty.ObjectVal(map[string]cty.Value{"metrics": nested(metrics)})
		if a.Key == "" {
			kinds[a.Kind][a.Name] = stage.AsValueMap()
		} else {
			kinds[a.Kind][a.Name][a.Key] = stage
		}
	}
	scope := map[string]cty.Value{}
	for kind, stagesOfKind := range kinds {
		byName := map[string]cty.Value{}
		for name, attributes := range stagesOfKind {
			byName[name] = cty.ObjectVal(attributes)
		}
		scope[kind] = cty.ObjectVal(byName)
	}
	return scope, nil
}

// stored is a check's Scope as variables.
func stored(scope []byte) (map[string]cty.Value, error) {
	if len(scope) == 0 {
		return nil, nil
	}
	var v ctyjson.SimpleJSONValue
	if err := json.Unmarshal(scope, &v); err != nil {
		return nil, err
	}
	if v.Value == cty.NilVal || v.IsNull() || !v.Type().IsObjectType() {
		return nil, nil
	}
	return v.AsValueMap(), nil
}

// value is decoded JSON in the language. Numbers keep the digits they were
// written with: a float64 stands for its shortest decimal, so that a metric of
// 0.98 equals the 0.98 in a condition, wherever it was stored in between.
func value(v any) cty.Value {
	switch v := v.(type) {
	case string:
		return cty.StringVal(v)
	case bool:
		return cty.BoolVal(v)
	case json.Number:
		return decimal(v.String())
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return cty.NullVal(cty.Number)
		}
		return decimal(strconv.FormatFloat(v, 'g', -1, 64))
	case []any:
		list := make([]cty.Value, len(v))
		for i, element := range v {
			list[i] = value(element)
		}
		return cty.TupleVal(list)
	case map[string]any:
		object := map[string]cty.Value{}
		for _, name := range names(v) {
			object[name] = value(v[name])
		}
		return cty.ObjectVal(object)
	}
	return cty.NullVal(cty.DynamicPseudoType)
}

func decimal(s string) cty.Value {
	n, err := cty.ParseNumberVal(s)
	if err != nil {
		return cty.NullVal(cty.Number)
	}
	return n
}

func names[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for name := range m {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
