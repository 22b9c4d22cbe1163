package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

func TestAMissingOutputSaysWhatIsThereInstead(t *testing.T) {
	s := newStage(t, "mkdir out; touch out/model.h5 out/log.txt")
	s.manifest.Outputs = map[string]string{"model": "out/model.keras"}
	o := s.run()
	o.want(t, 1, record.Failed, "output model: out/model.keras was not written; out holds model.h5, log.txt")
	if o.Step != "outputs" || *o.ExitCode != 0 {
		t.Errorf("record: %+v", o.Record)
	}
	s.manifest.Outputs = map[string]string{"model": "a/b/c"}
	s.script = "touch x"
	s.run().want(t, 1, record.Failed, "a/b/c was not written; the working copy holds x")
	s.script = "true"
	s.run().want(t, 1, record.Failed, "the working copy holds nothing")
}

func TestOutputsKeepTheirPathsAndNesting(t *testing.T) {
	s := newStage(t, "mkdir -p out/deep; echo a > out/a; echo b > out/deep/b; echo c > c; ln -s a out/link; ln -s $PWD/out/deep/b out/absolute")
	s.manifest.Outputs = map[string]string{"all": "out", "deep": "out/deep", "c": "c"}
	o := s.run()
	o.want(t, 0, record.Succeeded)
	for path, want := range map[string]string{"out/a": "a\n", "out/deep/b": "b\n", "c": "c\n", "out/link": "a\n", "out/absolute": "b\n"} {
		if got := readFile(t, s.workspace.Output(s.manifest.Key, path)); got != want {
			t.Errorf("%s holds %q", path, got)
		}
	}
	for _, out := range o.Outputs {
		now, err := stages.ContentOf(s.workspace.Output(s.manifest.Key, out.Path))
		if err != nil || now.Digest != out.Digest || now.Size != out.Size || now.Files != out.Files {
			t.Errorf("%s: recorded %+v, stored %+v, %v", out.Name, out, now, err)
		}
	}
}

func TestTheWholeWorkingCopyAsAnOutput(t *testing.T) {
	s := newStage(t, "echo a > a")
	s.manifest.Outputs = map[string]string{"all": "."}
	s.run().want(t, 0, record.Succeeded)
	if got := readFile(t, s.workspace.Output(s.manifest.Key, "a")); got != "a\n" {
		t.Errorf("a holds %q", got)
	}
}

func TestLinksThatLeadOutAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ script, says string }{
		"the output itself":   {"ln -s /etc/passwd out", "leads nowhere within the working copy"},
		"within the output":   {"mkdir out; ln -s /etc/passwd out/x", "is not part of the output"},
		"beside the output":   {"mkdir out; touch y; ln -s ../y out/x", "is not part of the output"},
		"a folder on its way": {"ln -s /etc real; ln -s real/passwd out", "leads nowhere within the working copy"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, test.script)
			s.manifest.Outputs = map[string]string{"out": "out"}
			s.run().want(t, 1, record.Failed, test.says)
		})
	}
}

func TestAnOutputBehindALinkIsCopied(t *testing.T) {
	s := newStage(t, "mkdir step-3; echo model > step-3/model; ln -s step-3 latest")
	s.manifest.Outputs = map[string]string{"model": "latest"}
	o := s.run()
	o.want(t, 0, record.Succeeded)
	path := s.workspace.Output(s.manifest.Key, "latest")
	if info, err := os.Lstat(path); err != nil || !info.IsDir() {
		t.Errorf("%v, %v", info, err)
	}
	if now, err := stages.ContentOf(path); err != nil || now.Digest != o.Outputs[0].Digest {
		t.Errorf("recorded %+v, stored %+v, %v", o.Outputs[0], now, err)
	}
}

func TestOutputsMoveAcrossFileSystems(t *testing.T) {
	other, err := os.MkdirTemp("/dev/shm", "supervise-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(other)
	s := newStage(t, "mkdir out; echo model > out/model; chmod +x out/model")
	if err := os.Symlink(other, filepath.Join(s.workspace.Root, "store")); err != nil {
		t.Fatal(err)
	}
	s.manifest.Outputs = map[string]string{"model": "out"}
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if now, err := stages.ContentOf(s.workspace.Output(s.manifest.Key, "out")); err != nil || now.Digest != o.Outputs[0].Digest {
		t.Errorf("recorded %+v, stored %+v, %v", o.Outputs[0], now, err)
	}
}

func TestWhoPublishesSecondKeepsTheFirst(t *testing.T) {
	s := newStage(t, "echo mine > model; touch up; while [ ! -e go-on ]; do sleep 0.02; done")
	s.manifest.Outputs = map[string]string{"model": "model"}
	job := s.start()
	job.await(filepath.Join(s.work(), "up"))
	s.finish("train.cnn", map[string]float64{"loss": 2})
	if err := os.WriteFile(filepath.Join(s.work(), "go-on"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := job.wait()
	o.want(t, 0, record.Succeeded, "already made by run earlier")
	if o.Metrics["loss"] != 2 {
		t.Errorf("record: %+v", o.Record)
	}
	s.wantTidyStore()
}

func TestAnEntryWithoutARecordIsReplaced(t *testing.T) {
	s := newStage(t, "echo model > model")
	s.manifest.Outputs = map[string]string{"model": "model"}
	if err := os.MkdirAll(filepath.Join(s.workspace.Finished(s.manifest.Key), "outputs/half"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.run().want(t, 0, record.Succeeded)
	if got := readFile(t, s.workspace.Output(s.manifest.Key, "model")); !strings.Contains(got, "model") {
		t.Errorf("the store holds %q", got)
	}
	s.wantTidyStore()
}
