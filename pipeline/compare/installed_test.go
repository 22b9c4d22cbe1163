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

// installed is a run on disk: an environment that was made with this Python.
func installed(t *testing.T, python, cuda string) *run.Run {
	t.Helper()
	w, err := workspace.Create(filepath.Join(t.TempDir(), ".runpipe"))
	must(t, err)
	const id = "20260101-120000-aaaa"
	must(t, workspace.WriteJSON(filepath.Join(w.Run(id), plan.SubmittedFile), plan.Submitted{
		Version: plan.SubmittedVersion, Run: id,
		Stages: []plan.SubmittedStage{{Address: "environment.python", Kind: "environment", Key: "k1"}},
	}))
	r := record.Record{State: record.Succeeded, Address: "environment.python", Installed: &record.Installed{
		Interpreter: record.Interpreter{Path: "/usr/bin/" + python, Version: python, Implementation: "CPython"},
		Facts:       map[string]string{"torch.version.cuda": cuda},
	}}
	if python == "" {
		r.Installed = nil
	}
	must(t, record.Write(workspace.Attempt(w.Stage(id, stages.Address{Kind: "environment", Name: "python"}), 1), &r))
	opened, err := run.Open(w, id)
	must(t, err)
	return opened
}

// The lock says 3.11: that it was 3.11.2 here and 3.11.7 there is told all the same.
func TestAnotherInterpreterIsTold(t *testing.T) {
	const python = "environment.python"
	for _, c := range []struct {
		name    string
		was, is *run.Run
		want    []compare.Change
	}{
		{"the same", installed(t, "3.11.2", "12.4"), installed(t, "3.11.2", "12.4"), nil},
		{"others", installed(t, "3.11.2", "12.4"), installed(t, "3.11.7", "12.1"), []compare.Change{
			{Topic: compare.Packages, Address: python, Name: "interpreter", Was: "CPython 3.11.2", Is: "CPython 3.11.7"},
			{Topic: compare.Packages, Address: python, Name: "torch.version.cuda", Was: "12.4", Is: "12.1"},
		}},
		{"not read", installed(t, "", ""), installed(t, "3.11.7", ""), nil},
	} {
		got, err := compare.Diff(c.was, c.is)
		must(t, err)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
