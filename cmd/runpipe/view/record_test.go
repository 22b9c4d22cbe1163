package view

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
)

// shown is the run of succeededRun with what the jobs recorded.
func shown() ShownRun {
	st := succeededRun().Status
	r := ShownRun{Run: st, File: "/home/ada/mnist/mnist.hcl", User: "ada", Host: "desk", Runpipe: "0.1.0"}
	train := &record.Record{
		Command: []string{"python", "src/train.py", "--name", "it's mine"},
		Env:     map[string]string{"KERAS_BACKEND": "jax", "A": "1"},
		GPUs:    []record.GPU{{Index: 0, Model: "NVIDIA A100", PeakMemory: ptr(int64(1288490189)), MeanUse: ptr(87.4)}},
		Outputs: []record.Output{{Name: "model", Path: "out/model.keras", Size: 1 << 20, Files: 1, Digest: "sha256:0123456789abcdef0123456789abcdef"}},
	}
	pins := map[string]string{"clone.code": "1f2e3d4c5b6a79880102030405060708090a0b0c"}
	for _, s := range st.Stages {
		one := Shown{Status: s, Plan: plan.SubmittedStage{Address: s.Address, Reasons: []string{"new"}, After: []string{"clone.code"}, Pins: pins}}
		if s.Address == "train.cnn" {
			one.Record, one.Folder = train, "/w/runs/1/stages/train.cnn"
		}
		r.Stages = append(r.Stages, one)
	}
	return r
}

func TestShow(t *testing.T) {
	var b bytes.Buffer
	h := &Human{Screen: screen(&b, 80, false, true), Now: func() time.Time { return now }}
	if err := h.Show(shown()); err != nil {
		t.Fatal(err)
	}
	golden(t, "show", b.String())
	b.Reset()
	if err := (JSON{&b}).Show(shown()); err != nil {
		t.Fatal(err)
	}
	golden(t, "show-json", b.String())
}

func TestPins(t *testing.T) {
	commit := "1f2e3d4c5b6a79880102030405060708090a0b0c"
	l := Locking{File: "/home/ada/mnist.lock.hcl", Changes: []lock.Change{
		{Address: "clone.code", Kind: lock.PinnedCommit, Repository: "https://example.org/code.git", New: commit, Unshared: true},
		{Address: "clone.tools", Kind: lock.PinnedCommit, Repository: "tools", Ref: "main", Old: "9a8b7c6d5e4f", New: commit},
		{Address: "data.digits", Kind: lock.PinnedData, Old: "ababababab", New: "cdcdcdcdcd", What: "sha256 moved abababa → cdcdcdc", Bytes: 30_000_000},
		{Address: "data.llama", Kind: lock.PinnedData, New: commit, What: "revision main → 1f2e3d4", Files: 3, Bytes: 12},
		{Address: "environment.python", Kind: lock.PinnedPackages, New: "sha256:0102", What: "2 packages for python 3.11 on linux_x86_64"},
	}}
	told(t, "pins", func(r Reporter) error { return r.Locked(l) })
	l.Changes = nil
	told(t, "pins-none", func(r Reporter) error { return r.Locked(l) })
}

// told compares what both reporters write with the golden files NAME and NAME-json.
func told(t *testing.T, name string, tell func(Reporter) error) {
	t.Helper()
	var text, json bytes.Buffer
	if err := errors.Join(tell(&Human{Screen: screen(&text, 80, false, true)}), tell(JSON{&json})); err != nil {
		t.Fatal(err)
	}
	golden(t, name, text.String())
	golden(t, name+"-json", json.String())
}

func TestCancelled(t *testing.T) {
	c := Cancellation{Run: "20261123-142233-k3f9", Cancelled: []string{"train.cnn", "evaluate.accuracy"}}
	told(t, "cancelled", func(r Reporter) error { return r.Cancelled(c) })
	c.Cancelled = nil
	told(t, "cancelled-none", func(r Reporter) error { return r.Cancelled(c) })
}

func TestUnlocked(t *testing.T) {
	u := Unlocking{Run: "20261123-142233-k3f9"}
	told(t, "unlocked-none", func(r Reporter) error { return r.Unlocked(u) })
	u.Removed = true
	told(t, "unlocked-damaged", func(r Reporter) error { return r.Unlocked(u) })
	u.Holder = &run.Holder{Version: 1, User: "ada", Host: "login1", PID: 4711, Start: 7, Boot: "b", Space: "s", Since: now}
	told(t, "unlocked", func(r Reporter) error { return r.Unlocked(u) })
}

func TestShellWord(t *testing.T) {
	for word, want := range map[string]string{"a/b.c": "a/b.c", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$x": "'$x'", "é": "'é'"} {
		if got := ShellWord(word); got != want {
			t.Errorf("ShellWord(%q) = %s, want %s", word, got, want)
		}
	}
	if got := ShellAddress(`train.cnn["lr=0.1,seed=1"]`); got != "train.cnn/lr=0.1,seed=1" {
		t.Errorf("ShellAddress = %s", got)
	}
}

func TestInstalled(t *testing.T) {
	made := &record.Record{Installed: &record.Installed{
		Interpreter: record.Interpreter{Path: "/usr/bin/python3.11", Version: "3.11.2", Implementation: "CPython"},
		Packages:    []record.Package{{Name: "torch", Version: "2.4.0"}},
		Facts:       map[string]string{"torch.version.hip": "none", "torch.version.cuda": "12.4"},
	}}
	want := "CPython 3.11.2 (/usr/bin/python3.11), 1 package, torch.version.cuda 12.4, torch.version.hip none"
	if diff := cmp.Diff(facts("installed", want), provenance(made), cmp.AllowUnexported(cell{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
