package view

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/pipeline/run"
)

// metrics lists the metrics of the stages that have more than their line holds.
func (h *Human) metrics(st run.Status) []string {
	var t table
	for _, stage := range st.Stages {
		if len(stage.Metrics) <= metricsInLine {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(stage.Metrics)) {
			t = append(t, []cell{{text: stage.Address}, {text: name}, {text: Metric(stage.Metrics[name]), style: bold}})
		}
	}
	return h.section("Metrics", t)
}

// outputs are the values of the pipeline's output blocks, and where the other
// files are that commands have made. What clones, environments and data make is
// runpipe's own affair.
func (h *Human) outputs(o Outcome) []string {
	var t table
	told := map[string]bool{}
	if o.State == run.Succeeded {
		for _, r := range o.Results {
			told[r.Value] = true
			t = append(t, h.output(r.Name, r.Value, r.Description))
		}
	}
	for _, stage := range o.Stages {
		if stage.Kind == "clone" || stage.Kind == "environment" || stage.Kind == "data" {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(stage.Outputs)) {
			if path := stage.Outputs[name]; !told[path] {
				t = append(t, h.output(stage.Address+" "+name, path, ""))
			}
		}
	}
	return h.section("Outputs", t)
}

// output is a row about a value, with what it is where the line has room for that.
func (h *Human) output(name, value, description string) []cell {
	value = h.path(value)
	row := []cell{{text: name}, {text: value}}
	if width := h.Screen.Width(); width == 0 || columns(name+value+description)+6 <= width {
		row = append(row, cell{text: description, style: dim})
	}
	return row
}

// path is a path as it is called from the person's current folder, if it is in it.
func (h *Human) path(path string) string {
	if h.Dir == "" {
		return path
	}
	if inside, ok := strings.CutPrefix(path, filepath.Clean(h.Dir)+"/"); ok {
		return inside
	}
	return path
}
