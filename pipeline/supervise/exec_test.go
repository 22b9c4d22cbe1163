package supervise

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

func TestAJobTrainsAndPublishes(t *testing.T) {
	s := newStage(t, `
echo "final loss: 0.25"
mkdir -p out && cat data.txt lib/code.txt > out/model.bin
echo '{"accuracy": 0.97, "note": "good"}' > metrics.json
`)
	s.write("tree/lib/code.txt", "code\n")
	s.manifest.Source = filepath.Dir(filepath.Dir(s.write("tree/run.sh", "#!/bin/bash\n"))) + "/tree"
	data := s.write("data.txt", "data\n")
	digest, err := stages.FileDigest(data)
	if err != nil {
		t.Fatal(err)
	}
	s.manifest.Files = []stages.StageFile{{To: "data.txt", From: data, Digest: digest}}
	s.manifest.Outputs = map[string]string{"model": "out/model.bin"}
	s.manifest.Metrics = "metrics.json"
	s.manifest.Metric = []stages.Metric{{Name: "loss", Pattern: `final loss: ([0-9.]+)`}}
	s.manifest.Pins = map[string]string{"clone.code": "0123456789012345678901234567890123456789"}

	o := s.run()
	o.want(t, 0, record.Succeeded)
	if o.Metrics["loss"] != 0.25 || o.Metrics["accuracy"] != 0.97 || o.Job != "7" || o.Ended == nil || *o.ExitCode != 0 {
		t.Errorf("record: %+v", o.Record)
	}
	if !strings.HasPrefix(o.log, "runpipe: train.cnn on "+o.Node+", commit 0123456789") || strings.Count(o.log, "\n") != 2 {
		t.Errorf("the log is\n%s", o.log)
	}
	stored, err := record.Read(s.workspace.Finished(s.manifest.Key))
	if err != nil {
		t.Fatal(err)
	}
	if stored.State != record.Succeeded || stored.Metrics["accuracy"] != 0.97 || len(stored.Outputs) != 1 {
		t.Errorf("stored: %+v", stored)
	}
	model := s.workspace.Output(s.manifest.Key, "out/model.bin")
	if got := readFile(t, model); got != "data\ncode\n" {
		t.Errorf("the model holds %q", got)
	}
	if want, _ := stages.FileDigest(model); stored.Outputs[0].Digest != want || stored.Outputs[0].Size != 10 || stored.Outputs[0].Path != "out/model.bin" {
		t.Errorf("output: %+v, want digest %s", stored.Outputs[0], want)
	}
	if info, err := os.Stat(model); err != nil || info.Mode()&0o222 != 0 {
		t.Errorf("the model can be written to: %v %v", info, err)
	}
	if _, err := os.Stat(s.work()); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the working copy is still there")
	}
	s.wantTidyStore()
}

// wantTidyStore fails the test if anything but entries is in the store.
func (s *stageUnderTest) wantTidyStore() {
	s.t.Helper()
	entries, err := os.ReadDir(s.workspace.Store())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if !hexKey.MatchString(e.Name()) {
			s.t.Errorf("%s was left in the store", e.Name())
		}
	}
}

func TestTheCommandsExitCodeIsKept(t *testing.T) {
	s := newStage(t, "echo half > partial; exit 3")
	s.manifest.Outputs = map[string]string{"model": "partial"}
	o := s.run()
	o.want(t, 3, record.Failed, "exit code 3")
	if o.Step != "command" || *o.ExitCode != 3 {
		t.Errorf("record: %+v", o.Record)
	}
	if readFile(t, filepath.Join(s.work(), "partial")) != "half\n" {
		t.Error("the working copy was not kept")
	}
	if !strings.Contains(o.log, "the working copy is kept: "+s.work()) {
		t.Errorf("the log does not say where the working copy is:\n%s", o.log)
	}
	if _, err := os.Stat(s.workspace.Finished(s.manifest.Key)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a failed stage is in the store")
	}
}

func TestACommandKilledByASignal(t *testing.T) {
	o := newStage(t, "kill -SEGV $$").run()
	o.want(t, 139, record.Failed, "SIGSEGV")
	if o.Signal != "SIGSEGV" {
		t.Errorf("signal %q", o.Signal)
	}
}

func TestWhatAnotherRunMadeIsUsed(t *testing.T) {
	s := newStage(t, "touch "+filepath.Join(t.TempDir(), "ran"))
	s.finish("train.cnn", map[string]float64{"loss": 1})
	o := s.run()
	o.want(t, 0, record.Succeeded, "already made by run earlier")
	if o.Metrics["loss"] != 1 || o.ExitCode != nil {
		t.Errorf("record: %+v", o.Record)
	}
}

func TestReplaceRunsAgainAndPublishesInPlace(t *testing.T) {
	s := newStage(t, "echo new > model")
	s.finish("train.cnn", nil)
	s.manifest.Replace = true
	s.manifest.Outputs = map[string]string{"model": "model"}
	s.run().want(t, 0, record.Succeeded)
	if got := readFile(t, s.workspace.Output(s.manifest.Key, "model")); got != "new\n" {
		t.Errorf("the store holds %q", got)
	}
	s.wantTidyStore()
}

func TestTheWorkingCopyIsPrivate(t *testing.T) {
	s := newStage(t, `stat -c %a . > mode; echo changed > src/a; exit 1`)
	source := s.write("tree/src/a", "original")
	if err := os.Chmod(source, 0o444); err != nil { // as in the store
		t.Fatal(err)
	}
	s.manifest.Source = filepath.Dir(filepath.Dir(source))
	s.run().want(t, 1, record.Failed)
	if got := readFile(t, filepath.Join(s.work(), "mode")); got != "700\n" {
		t.Errorf("mode %s", got)
	}
	if got := readFile(t, filepath.Join(s.work(), "src/a")); got != "changed\n" {
		t.Errorf("the command could not change its copy: %q", got)
	}
	if readFile(t, source) != "original" {
		t.Error("the source was changed")
	}
}
