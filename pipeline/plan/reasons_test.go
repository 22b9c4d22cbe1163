package plan

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// before is train.cnn as an earlier run submitted it.
func before(ingredients map[string]any) previous {
	return previous{
		SubmittedStage: SubmittedStage{
			Address: "train.cnn", Key: "old", Inputs: []string{"clone.code", "environment.python"},
			Pins: map[string]string{"clone.code": "1f2e3d4000"}, Ingredients: ingredients,
		},
		keys: map[string]string{"clone.code": "c1", "environment.python": "e1", "train.cnn": "old"},
	}
}

func TestReasons(t *testing.T) {
	command := func(words ...string) map[string]any { return map[string]any{"command": words} }
	tests := []struct {
		name      string
		then, now map[string]any
		clone     string // key of clone.code now
		action    Action // of clone.code
		want      []string
	}{
		{"an option's value", command("python", "train.py", "--epochs", "5", "--seed", "1"),
			command("python", "train.py", "--epochs", "10", "--seed", "1"), "c1", Reuse,
			[]string{"command changed: epochs 5 → 10"}},
		{"an added option", command("python", "train.py"), command("python", "train.py", "--fast"), "c1", Reuse,
			[]string{"command changed: --fast added"}},
		{"a removed one", command("python", "train.py", "--fast"), command("python", "train.py"), "c1", Reuse,
			[]string{"command changed: --fast removed"}},
		{"the code moved, and with it the path of an input",
			command("python", "$WORKSPACE/store/c1/outputs/tree/train.py"),
			command("python", "$WORKSPACE/store/c2/outputs/tree/train.py"), "c2", Run,
			[]string{"clone.code moved 1f2e3d4 → 9a8b7c6"}},
		{"a variable", map[string]any{"env": map[string]string{"A": "1", "B": "2"}},
			map[string]any{"env": map[string]string{"A": "1", "B": "3", "C": "x"}}, "c1", Reuse,
			[]string{"env changed: B 2 → 3, C added"}},
		{"an output's path", map[string]any{"outputs": map[string]string{"m": "a", "old": "b"}, "metrics": "m.json"},
			map[string]any{"outputs": map[string]string{"m": "c", "new": "b"}, "metrics": "n.json"}, "c1", Reuse,
			[]string{"metrics changed: m.json → n.json", "outputs changed: m a → c, new added, old removed"}},
		{"files", map[string]any{"files": map[string]string{"x": "1", "y": "1"}}, map[string]any{"files": map[string]string{"x": "2", "z": "1"}}, "c1", Reuse,
			[]string{"files changed: x, y removed, z added"}},
		{"all packages taken away", map[string]any{"packages": map[string]string{"six": "1.17.0"}, "python": "3.11", "platform": "linux_x86_64"},
			map[string]any{}, "c1", Reuse, []string{"packages changed: six removed"}},
		{"GPUs", map[string]any{"gpus": 1}, map[string]any{"gpus": 4}, "c1", Reuse, []string{"gpus changed: 1 → 4"}},
		{"a layer of other checkouts", map[string]any{"install": []string{"$WORKSPACE/store/c1"}, "build": map[string]string{"x": "1"}},
			map[string]any{"install": []string{"$WORKSPACE/store/e1", "$WORKSPACE/store/c1"}, "build": map[string]string{"y": "1"}}, "c1", Reuse,
			[]string{"install changed: clone.code → environment.python, clone.code"}},
		{"a layer of the same that moved", map[string]any{"install": []string{"$WORKSPACE/store/c1"}, "build_hashes": map[string]string{"$WORKSPACE/store/c1": "d"}},
			map[string]any{"install": []string{"$WORKSPACE/store/c2"}, "build_hashes": map[string]string{"$WORKSPACE/store/c2": "d"}}, "c2", Run,
			[]string{"clone.code moved 1f2e3d4 → 9a8b7c6"}},
		{"a layer taken away", map[string]any{"install": []string{"$WORKSPACE/store/c1"}, "base": "b1", "build": map[string]string{"x": "1"}},
			map[string]any{"packages": map[string]string{"a": "1"}, "hashes": map[string]string{"a": "2"}, "python": "3.11"}, "c1", Reuse,
			[]string{"install removed: clone.code"}},
		{"other files to build with", map[string]any{"build": map[string]string{"x": "1"}, "build_hashes": map[string]string{"c": "1"}},
			map[string]any{"build": map[string]string{"x": "1"}, "build_hashes": map[string]string{"c": "2"}}, "c1", Reuse,
			[]string{"other files of the same packages"}},
		{"another version to build with", map[string]any{"build": map[string]string{"x": "1"}, "build_hashes": map[string]string{"c": "1"}},
			map[string]any{"build": map[string]string{"x": "2"}, "build_hashes": map[string]string{"c": "2"}}, "c1", Reuse,
			[]string{"build changed: x 1 → 2"}},
		{"data of another sha256",
			map[string]any{"sha256": "5891b5b522d5df086d0f"}, map[string]any{"sha256": "68f01b289aedcf28e96f"}, "c1", Reuse,
			[]string{"sha256 changed: 5891b5b → 68f01b2"}},
		{"several at once, in order", map[string]any{"gpus": 1, "dir": "a"}, map[string]any{"dir": "b"}, "c1", Reuse,
			[]string{"dir changed: a → b", "gpus removed: 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &Stage{
				Stage:       &stages.Stage{Key: "new", Inputs: []string{"clone.code", "environment.python"}},
				Pins:        map[string]string{"clone.code": "1f2e3d4000"},
				Ingredients: tt.now,
			}
			if tt.clone != "c1" {
				s.Pins["clone.code"] = "9a8b7c6000"
			}
			settled := map[string]*Stage{
				"clone.code":         {Stage: &stages.Stage{Key: tt.clone}, Action: tt.action},
				"environment.python": {Stage: &stages.Stage{Key: "e1"}, Action: Reuse},
			}
			// As run.json has them: through JSON.
			then := canonical(tt.then, nil, nil)
			if diff := cmp.Diff(tt.want, reasons(s, before(then), settled)); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReasonsOfTheFirstRun(t *testing.T) {
	s := &Stage{Stage: &stages.Stage{Key: "new"}}
	if diff := cmp.Diff([]string{"new"}, reasons(s, previous{}, nil)); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	again := before(nil)
	s.Key = again.Key
	if diff := cmp.Diff([]string{"it has not finished before"}, reasons(s, again, nil)); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

func TestReasonsWhereTheStoreHasLostIt(t *testing.T) {
	again := before(nil)
	s := &Stage{Stage: &stages.Stage{Key: again.Key}}
	lost := []string{"its result is no longer in the store"}
	again.folder = t.TempDir()
	for attempt, state := range map[int]record.State{1: record.Failed, 2: record.Succeeded} {
		if err := os.Mkdir(workspace.Attempt(again.folder, attempt), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := record.Write(workspace.Attempt(again.folder, attempt), &record.Record{State: state}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(lost, reasons(s, again, nil)); diff != "" {
		t.Errorf("made by the run (-want +got):\n%s", diff)
	}
	again.folder, again.Action = "", Reuse
	if diff := cmp.Diff(lost, reasons(s, again, nil)); diff != "" {
		t.Errorf("reused by the run (-want +got):\n%s", diff)
	}
}
