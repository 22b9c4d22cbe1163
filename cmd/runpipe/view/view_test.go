package view

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	time.Local = time.UTC
	flag.Parse()
	os.Exit(m.Run())
}

// golden compares what was drawn with a file of testdata, in which an escape
// character is written as ␛.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	got = strings.ReplaceAll(got, "\x1b", "␛")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

// looks are the screens that every view is drawn for.
var looks = []struct {
	name           string
	cols           int
	color, unicode bool
}{
	{"80", 80, false, true},
	{"120-color", 120, true, true},
	{"ascii", 0, false, false},
}

func screen(b *bytes.Buffer, cols int, color, unicode bool) *Screen {
	return &Screen{Writer: b, Color: color, Unicode: unicode, Live: true, Size: func() (int, int) { return cols, 24 }}
}

// now is when all tests look at the clock.
var now = time.Date(2026, 11, 23, 14, 24, 0, 0, time.UTC)

func before(d time.Duration) *time.Time { t := now.Add(-d); return &t }

func ptr[T any](v T) *T { return &v }

// running is a run in which every state of a live stage occurs.
func running() run.Status {
	return run.Status{
		Version: 1, Run: "20261123-142233-k3f9", Pipeline: "mnist", Executor: "slurm", State: run.Running, Created: *before(87 * time.Second),
		Stages: []run.StageStatus{
			{Address: "clone.code", Kind: "clone", State: run.Succeeded, Job: "4709", Node: "gpu01", Started: before(85 * time.Second), Ended: before(82*time.Second + 900*time.Millisecond)},
			{Address: "environment.python", Kind: "environment", State: run.Succeeded, Reused: true},
			{Address: "train.cnn", Kind: "train", State: run.Running, Job: "4711", Node: "gpu03", Started: before(72 * time.Second), Limit: 5 * time.Minute},
			{Address: "train.large", Kind: "train", State: run.Queued, Job: "4712", Reason: "Resources: 4 GPUs are wanted, and all that fit are busy"},
			{Address: "evaluate.accuracy", Kind: "evaluate", State: run.Waiting, Job: "4713", Reason: "for train.cnn"},
		},
	}
}

// succeededRun is the end of a run in which all went well.
func succeededRun() Outcome {
	return Outcome{
		Status: run.Status{
			Version: 1, Run: "20261123-142233-k3f9", Pipeline: "mnist", Executor: "local", State: run.Succeeded,
			Created: *before(96 * time.Second), Ended: &now,
			Stages: []run.StageStatus{
				{Address: "clone.code", Kind: "clone", State: run.Succeeded, Key: "aa", Job: "1", Node: "desk", Attempts: 1, ExitCode: ptr(0), Started: before(95 * time.Second), Ended: before(94*time.Second + 600*time.Millisecond)},
				{Address: "environment.python", Kind: "environment", State: run.Succeeded, Key: "bb", Reused: true, Outputs: map[string]string{"path": "/w/envs/bb"}},
				{Address: "train.cnn", Kind: "train", State: run.Succeeded, Key: "cc", Job: "2", Node: "desk", Attempts: 1, ExitCode: ptr(0), Started: before(94 * time.Second), Ended: before(8 * time.Second),
					Metrics: map[string]float64{"loss": 0.07312}, Outputs: map[string]string{"model": "/home/ada/mnist/.runpipe/store/4f0c9c2d6a1b/outputs/out/model.keras"}},
				{Address: "evaluate.accuracy", Kind: "evaluate", State: run.Succeeded, Key: "dd", Job: "3", Node: "desk", Attempts: 1, ExitCode: ptr(0), Started: before(8 * time.Second), Ended: &now,
					Metrics: map[string]float64{"accuracy": 0.97314, "samples": 10000}, Checks: []record.Check{{Name: "good enough", Passed: true}}},
			},
		},
		Results: []Result{{Name: "model", Value: "/home/ada/mnist/.runpipe/store/4f0c9c2d6a1b/outputs/out/model.keras", Description: "The trained network"}},
	}
}

// failedRun is the end of a run whose training failed; its log is at log.
func failedRun(log string) Outcome {
	return Outcome{Status: run.Status{
		Version: 1, Run: "20261123-142233-k3f9", Pipeline: "mnist", Executor: "slurm", State: run.Failed,
		Created: *before(80 * time.Second), Ended: &now,
		Stages: []run.StageStatus{
			{Address: "clone.code", Kind: "clone", State: run.Succeeded, Job: "4709", Node: "gpu01", Started: before(79 * time.Second), Ended: before(76 * time.Second)},
			{Address: "train.cnn", Kind: "train", State: run.Failed, Job: "4710", Node: "gpu03", Attempts: 2, ExitCode: ptr(1), Started: before(72 * time.Second), Ended: &now,
				Reason: "the command exited with status 1", Log: log, Work: "/home/ada/.runpipe/runs/20261123-142233-k3f9/stages/train.cnn/attempt-2/work"},
			{Address: `evaluate.accuracy["lr=0.1"]`, Kind: "evaluate", State: run.Skipped, Reason: "because train.cnn failed (exit 1 on gpu03)"},
		},
	}}
}

// checkedRun is a run in which a check did not hold, and a warning did not either.
func checkedRun() Outcome {
	o := succeededRun()
	o.State = run.Failed
	last := &o.Stages[3]
	last.State, last.Reason = run.Failed, `the check "good enough" does not hold: accuracy 0.9731 is below 0.98`
	last.Checks = []record.Check{
		{Name: "good enough", Message: "accuracy 0.9731 is below 0.98"},
		{Name: "enough samples", Warn: true, Message: "only 10000 samples"},
		{Name: "finite", Passed: true},
	}
	return o
}

func writeLog(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStatus(t *testing.T) {
	log := writeLog(t, strings.Repeat("Epoch 1/5\n", 20)+"  1/10 \r 10/10 loss 0.2\r\n\x1b[31mTraceback\x1b[0m (most recent call last):\n  File \"train.py\", line 3\nValueError: "+strings.Repeat("long ", 30)+
		"\n\nCtrl-C? runpipe: train.cnn failed: the command exited with status 1\nrunpipe: the working copy is kept: /w\n")
	stale := Outcome{Status: running()}
	stale.Stale = "squeue: error: Unable to contact slurm controller (connect failure)"
	outcomes := map[string]Outcome{
		"running": stale, "succeeded": succeededRun(), "failed": failedRun(log), "checks": checkedRun(),
	}
	for name, o := range outcomes {
		for _, look := range looks {
			t.Run(name+"-"+look.name, func(t *testing.T) {
				var b bytes.Buffer
				h := &Human{Screen: screen(&b, look.cols, look.color, look.unicode), Now: func() time.Time { return now }, Program: "runpipe", Dir: "/home/ada/mnist"}
				if err := h.Status(o); err != nil {
					t.Fatal(err)
				}
				golden(t, "status-"+name+"-"+look.name, strings.ReplaceAll(b.String(), log, "/log"))
			})
		}
	}
}

// The stages beyond the first few that failed are told of in a line each.
func TestManyFailures(t *testing.T) {
	o := failedRun(writeLog(t, "out of memory\n"))
	for i := range 7 {
		stage := o.Stages[1]
		stage.Address = fmt.Sprintf("train.n%d", i)
		o.Stages = append(o.Stages, stage)
	}
	var b bytes.Buffer
	h := &Human{Screen: screen(&b, 80, false, true), Now: func() time.Time { return now }, Program: "runpipe"}
	if err := h.Status(o); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "out of memory"); n != failuresAtLength {
		t.Errorf("the logs of %d stages are shown, want %d:\n%s", n, failuresAtLength, &b)
	}
	if !strings.Contains(b.String(), "\ntrain.n6 failed: the command exited with status 1\n\nThe log of a stage: runpipe logs 20261123-142233-k3f9 ADDR\n") {
		t.Errorf("the last failure is not told in a line, or not how to see its log:\n%s", &b)
	}
}

func TestStatusJSON(t *testing.T) {
	var b bytes.Buffer
	if err := (JSON{&b}).Status(succeededRun()); err != nil {
		t.Fatal(err)
	}
	golden(t, "status-json", b.String())
}

func TestRuns(t *testing.T) {
	named := checkedRun().Status
	named.Name, named.Run, named.Created = "bigger batch", "20261119-080000-aa00", now.AddDate(0, 0, -4)
	named.Ended = ptr(named.Created.Add(3 * time.Hour))
	list := []run.Status{named, succeededRun().Status, running()}
	for _, look := range looks {
		var b bytes.Buffer
		h := &Human{Screen: screen(&b, look.cols, look.color, look.unicode), Now: func() time.Time { return now }}
		if err := h.Runs(list); err != nil {
			t.Fatal(err)
		}
		golden(t, "runs-"+look.name, b.String())
	}
	var b bytes.Buffer
	if err := (JSON{&b}).Runs(list); err != nil {
		t.Fatal(err)
	}
	golden(t, "runs-json", b.String())
}

func TestEvents(t *testing.T) {
	var b bytes.Buffer
	e := NewEvents(&Screen{Writer: &b}, func() time.Time { return now })
	first := running()
	first.Stages[2].State, first.Stages[2].Started, first.Stages[2].Node = run.Queued, nil, ""
	e.Update(first)
	e.Update(first)
	e.Update(running())
	stale := running()
	stale.Stale = "Unable to contact slurm controller"
	e.Update(stale)
	e.Update(failedRun("/log").Status)
	e.Close()
	golden(t, "events", b.String())
}
