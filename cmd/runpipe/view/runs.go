package view

import (
	"fmt"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
)

// RunsVersion is the version of what `runs --json` writes.
const RunsVersion = 1

// runLine is one run of `runs --json`.
type runLine struct {
	Run      string     `json:"run"`
	Pipeline string     `json:"pipeline"`
	Name     string     `json:"name,omitempty"`
	Executor string     `json:"executor"`
	State    run.State  `json:"state"`
	Created  time.Time  `json:"created"`
	Ended    *time.Time `json:"ended"`
	Stages   int        `json:"stages"`
	Done     int        `json:"succeeded"`
}

// Runs writes {"version":1,"runs":[…]}, in the order given.
func (j JSON) Runs(list []run.Status) error {
	out := struct {
		Version int       `json:"version"`
		Runs    []runLine `json:"runs"`
	}{RunsVersion, []runLine{}}
	for _, st := range list {
		out.Runs = append(out.Runs, runLine{st.Run, st.Pipeline, st.Name, st.Executor, st.State, st.Created, st.Ended, len(st.Stages), succeeded(st)})
	}
	return j.encode(out)
}

// Runs lists runs, a line each, in the order given.
func (h *Human) Runs(list []run.Status) error {
	if len(list) == 0 {
		return h.Screen.print("No run yet.")
	}
	t := table{{{text: "RUN", style: dim}, {text: "PIPELINE", style: dim}, {text: "STATE", style: dim}, {text: "STAGES", style: dim, right: true},
		{text: "STARTED", style: dim}, {text: "TOOK", style: dim, right: true}, {text: "METRICS", style: dim}}}
	for _, st := range list {
		_, colour := h.Screen.mark(run.StageStatus{State: st.State})
		name := st.Pipeline
		if st.Name != "" {
			name += " (" + st.Name + ")"
		}
		took := ""
		if st.Ended != nil {
			took = Duration(st.Ended.Sub(st.Created))
		}
		t = append(t, []cell{
			{text: st.Run}, {text: name}, {text: string(st.State), style: colour},
			{text: fmt.Sprintf("%d/%d", succeeded(st), len(st.Stages)), right: true},
			{text: moment(st.Created, h.Now())}, {text: took, right: true}, {text: evaluated(st)},
		})
	}
	return h.Screen.print(h.Screen.lines(t, "", keeping)...)
}

func succeeded(st run.Status) int {
	n := 0
	for _, stage := range st.Stages {
		if stage.State == run.Succeeded {
			n++
		}
	}
	return n
}

// evaluated lists the metrics of a run's evaluate stages.
func evaluated(st run.Status) string {
	all := map[string]float64{}
	for _, stage := range st.Stages {
		if stage.Kind == "evaluate" {
			for name, value := range stage.Metrics {
				all[name] = value
			}
		}
	}
	return metrics(all)
}
