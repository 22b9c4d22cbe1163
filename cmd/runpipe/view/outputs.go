package view

import (
	"maps"
	"slices"

	"github.com/runpipe/runpipe/pipeline/run"
)

// headlineMetrics are the numbers that a run is about: those of its evaluate
// stages, or of all its stages if it evaluates nothing.
func (h *Human) headlineMetrics(st run.Status) []string {
	t := metricRows(st, func(stage run.StageStatus) bool { return stage.Kind == "evaluate" })
	if len(t) == 0 {
		t = metricRows(st, func(run.StageStatus) bool { return true })
	}
	return h.section("Metrics", t)
}

func metricRows(st run.Status, counts func(run.StageStatus) bool) table {
	var t table
	for _, stage := range st.Stages {
		if !counts(stage) {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(stage.Metrics)) {
			t = append(t, []cell{{text: stage.Address}, {text: name}, {text: Metric(stage.Metrics[name]), style: bold}})
		}
	}
	return t
}

// outputs says where the files are that commands have made. What clones and
// environments make is runpipe's own affair.
func (h *Human) outputs(st run.Status) []string {
	var t table
	for _, stage := range st.Stages {
		if stage.Kind == "clone" || stage.Kind == "environment" {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(stage.Outputs)) {
			t = append(t, []cell{{text: stage.Address}, {text: name}, {text: stage.Outputs[name]}})
		}
	}
	return h.section("Outputs", t)
}

// results are the values of the pipeline's output blocks.
func (h *Human) results(o Outcome) []string {
	if o.State != run.Succeeded {
		return nil
	}
	var t table
	for _, r := range o.Results {
		t = append(t, []cell{{text: r.Name}, {text: r.Value}, {text: r.Description, style: dim}})
	}
	return h.section("Results", t)
}
