package compare_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/pipeline/compare"
	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// written is a run on disk: a training whose weights an evaluation measures.
func written(t *testing.T, weights string, accuracy float64, libc string) *run.Run {
	t.Helper()
	w, err := workspace.Create(filepath.Join(t.TempDir(), ".runpipe"))
	must(t, err)
	const id = "20260101-120000-aaaa"
	must(t, workspace.WriteJSON(filepath.Join(w.Run(id), plan.SubmittedFile), plan.Submitted{
		Version: plan.SubmittedVersion, Run: id, Stages: []plan.SubmittedStage{
			{Address: "train.net", Kind: "train", Key: "k1"},
			{Address: "evaluate.accuracy", Kind: "evaluate", Key: "k2", Inputs: []string{"train.net"}},
			{Address: "stage.table", Kind: "stage", Key: "k3"},
		},
	}))
	machine := &record.Machine{Libc: &libc}
	records := map[string]record.Record{
		"train.net":         {Outputs: []record.Output{{Name: "model", Digest: weights}}},
		"evaluate.accuracy": {Metrics: map[string]float64{"accuracy": accuracy}},
		"stage.table":       {Outputs: []record.Output{{Name: "table", Digest: "sha256:1"}}},
	}
	for address, r := range records {
		a, err := stages.ParseAddress(address)
		must(t, err)
		r.State, r.Machine, r.Address = record.Succeeded, machine, address
		must(t, record.Write(workspace.Attempt(w.Stage(id, a), 1), &r))
	}
	r, err := run.Open(w, id)
	must(t, err)
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestJudge(t *testing.T) {
	near, err := stages.ParseTolerance("accuracy", "1%")
	must(t, err)
	for name, test := range map[string]struct {
		weights  string
		accuracy float64
		libc     string
		given    []stages.Tolerance
		want     []compare.Verdict // of the run, and of each stage
	}{
		"the same":                  {"w", 0.9, "2.36", nil, []compare.Verdict{compare.Identical, compare.Identical, compare.Identical, compare.Identical}},
		"the same elsewhere":        {"w", 0.9, "2.40", nil, []compare.Verdict{compare.Identical, compare.Identical, compare.Identical, compare.Identical}},
		"other weights, as good":    {"v", 0.9, "2.36", nil, []compare.Verdict{compare.WithinTolerance, compare.WithinTolerance, compare.Identical, compare.Identical}},
		"other weights, nearly":     {"v", 0.895, "2.36", []stages.Tolerance{near}, []compare.Verdict{compare.WithinTolerance, compare.WithinTolerance, compare.WithinTolerance, compare.Identical}},
		"nearly, without tolerance": {"v", 0.895, "2.36", nil, []compare.Verdict{compare.Different, compare.Different, compare.Different, compare.Identical}},
		"worse, on other hardware":  {"v", 0.7, "2.40", []stages.Tolerance{near}, []compare.Verdict{compare.Drifted, compare.Drifted, compare.Drifted, compare.Identical}},
	} {
		judged, err := compare.Judge(written(t, "w", 0.9, "2.36"), written(t, test.weights, test.accuracy, test.libc), test.given)
		must(t, err)
		got := []compare.Verdict{judged.Verdict}
		for _, s := range judged.Stages {
			got = append(got, s.Verdict)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if drifted := len(judged.Drift) > 0; drifted != (test.libc != "2.36") {
			t.Errorf("%s: drift %v", name, judged.Drift)
		}
	}
}

// Weights that nobody measures are compared by their bytes.
func TestWhatNobodyMeasuresHasToBeIdentical(t *testing.T) {
	was, is := written(t, "w", 0.9, "2.36"), written(t, "w", 0.9, "2.36")
	a := stages.Address{Kind: "stage", Name: "table"}
	must(t, record.Write(workspace.Attempt(is.Workspace().Stage(is.Run, a), 1), &record.Record{
		State: record.Succeeded, Outputs: []record.Output{{Name: "table", Digest: "sha256:2"}},
	}))
	judged, err := compare.Judge(was, is, nil)
	must(t, err)
	if judged.Verdict != compare.Different || judged.Stages[2].Verdict != compare.Different {
		t.Errorf("got %+v", judged)
	}
}

func TestTolerances(t *testing.T) {
	for text, cases := range map[string]map[float64]bool{ // against 200
		"0": {200: true, 200.5: false}, "0.5": {200.5: true, 199.5: true, 201: false}, "1%": {202: true, 198: true, 203: false}, " 2 %": {204: true},
	} {
		allowed, err := stages.ParseTolerance("m", text)
		must(t, err)
		for is, want := range cases {
			if allowed.Allows(200, is) != want {
				t.Errorf("%s: %v, want %v", text, is, want)
			}
		}
	}
	for _, text := range []string{"", "near", "-1", "NaN", "Inf", "1%%"} {
		if allowed, err := stages.ParseTolerance("m", text); err == nil {
			t.Errorf("%q: %v", text, allowed)
		}
	}
}
