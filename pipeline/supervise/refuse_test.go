package supervise

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

var metricLoss = stages.Metric{Name: "loss", Pattern: `loss: ([0-9.]+)`}

// ranMark is a script that leaves a mark where nothing removes it.
func ranMark(t *testing.T) (script string, ran func() bool) {
	mark := filepath.Join(t.TempDir(), "ran")
	return "touch " + mark, func() bool { _, err := os.Stat(mark); return err == nil }
}

func TestATamperedManifestRunsNothing(t *testing.T) {
	script, ran := ranMark(t)
	s := newStage(t, script)
	s.tamper = func(manifest string) {
		data, _ := os.ReadFile(manifest)
		os.WriteFile(manifest, bytes.Replace(data, []byte(`"mnist"`), []byte(`"other"`), 1), 0o600)
	}
	o := s.run()
	o.want(t, 5, record.Drift, "is not the file that was submitted")
	if o.Address != "train.cnn" || o.Key != s.manifest.Key || o.Attempt != 1 || ran() {
		t.Errorf("record: %+v, ran: %v", o.Record, ran())
	}
}

func TestAnUnreadableManifestLeavesARecord(t *testing.T) {
	script, ran := ranMark(t)
	s := newStage(t, script)
	s.tamper = func(manifest string) { os.WriteFile(manifest, []byte("{"), 0o600) }
	s.run().want(t, 5, record.Drift, "is not the file that was submitted")
	if ran() {
		t.Error("the command ran")
	}
}

func TestManifestsThatDoNotAgreeWithThemselves(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*stages.Manifest)
		says   string
	}{
		"version": {func(m *stages.Manifest) { m.Version = 99 }, "version 99"},
		"key":     {func(m *stages.Manifest) { m.Key = "../../etc" }, "not a stage's key"},
		"address": {func(m *stages.Manifest) { m.Address = "train" }, "not a stage's address"},
		"output":  {func(m *stages.Manifest) { m.Outputs = map[string]string{"x": "../up"} }, "leads out of the working copy"},
		"file":    {func(m *stages.Manifest) { m.Files = []stages.StageFile{{To: "/etc/passwd"}} }, "leads out of the working copy"},
		"dir":     {func(m *stages.Manifest) { m.Dir = ".." }, "leads out of the working copy"},
	} {
		t.Run(name, func(t *testing.T) {
			script, ran := ranMark(t)
			s := newStage(t, script)
			test.change(&s.manifest)
			s.run().want(t, 5, record.Drift, test.says)
			if ran() {
				t.Error("the command ran")
			}
		})
	}
}

func TestUpstreams(t *testing.T) {
	script, ran := ranMark(t)
	s := newStage(t, script)
	s.manifest.Upstreams = []stages.Upstream{s.finish("clone.code", nil), {Address: "environment.python", Key: keyOf("environment.python")}}
	s.run().want(t, 5, record.Drift, "environment.python has no usable result", "no record in")

	failed := record.Record{Key: keyOf("environment.python"), State: record.Failed}
	if err := record.Write(s.workspace.Finished(failed.Key), &failed); err != nil {
		t.Fatal(err)
	}
	s.run().want(t, 5, record.Drift, "environment.python has no usable result", `"failed"`)

	other := record.Record{Key: keyOf("other"), State: record.Succeeded}
	if err := record.Write(s.workspace.Finished(failed.Key), &other); err != nil {
		t.Fatal(err)
	}
	s.run().want(t, 5, record.Drift, "environment.python has no usable result")
	if ran() {
		t.Error("the command ran")
	}
	s.finish("environment.python", nil)
	s.run().want(t, 0, record.Succeeded)
}

func TestAnUpstreamThatIsSeenLate(t *testing.T) {
	s := newStage(t, "true")
	s.onSlurm("12", 0)
	s.options.Timing.Upstream = time.Minute
	s.manifest.Upstreams = []stages.Upstream{{Address: "clone.code", Key: keyOf("clone.code")}}
	job := s.start()
	job.await(filepath.Join(s.attempt(), record.File))
	s.finish("clone.code", nil)
	job.wait().want(t, 0, record.Succeeded)
}

func TestFilesAreLaidInAndVerified(t *testing.T) {
	s := newStage(t, `cat lib/a lib/b; ls lib; exit 1`)
	s.manifest.Source = filepath.Dir(filepath.Dir(s.write("tree/lib/old", "old\n")))
	folder := filepath.Dir(s.write("new/a", "A\n"))
	s.write("new/b", "B\n")
	digest, err := stages.FolderDigest(folder)
	if err != nil {
		t.Fatal(err)
	}
	s.manifest.Files = []stages.StageFile{{To: "lib", From: folder, Digest: digest, Folder: true}}
	o := s.run()
	if !strings.Contains(o.log, "A\nB\na\nb\n") {
		t.Errorf("lib was merged, not replaced:\n%s", o.log)
	}
	s.write("new/b", "changed\n")
	s.run().want(t, 5, record.Drift, "laying lib into the working copy", "has changed since the pipeline was applied")
}

func TestNothingIsLaidInThroughALinkThatLeadsOut(t *testing.T) {
	outside := t.TempDir()
	s := newStage(t, "true")
	s.manifest.Source = filepath.Dir(s.write("tree/code", ""))
	if err := os.Symlink(outside, filepath.Join(s.manifest.Source, "data")); err != nil {
		t.Fatal(err)
	}
	s.manifest.Files = []stages.StageFile{{To: "data/x", From: s.write("x", "x")}}
	s.run().want(t, 1, record.Failed, "laying data/x into the working copy", "escapes")
	if _, err := os.Stat(filepath.Join(outside, "x")); err == nil {
		t.Error("a file was written outside of the working copy")
	}
	// In place of the link itself it may be laid.
	s.manifest.Files[0].To = "data"
	s.run().want(t, 0, record.Succeeded)
}

func TestDirIsWhereTheCommandStarts(t *testing.T) {
	s := newStage(t, `cat here > out; pwd; [ "$PWD" = "$(pwd -P)" ]`)
	s.manifest.Source = filepath.Dir(filepath.Dir(s.write("tree/sub/here", "here\n")))
	s.manifest.Dir = "sub"
	s.manifest.Outputs = map[string]string{"out": "out"}
	s.run().want(t, 0, record.Succeeded)
	if got := readFile(t, s.workspace.Output(s.manifest.Key, "out")); got != "here\n" {
		t.Errorf("the output holds %q", got)
	}
	s.manifest.Key, s.manifest.Dir = keyOf("again"), "absent"
	s.run().want(t, 1, record.Failed, `dir = "absent"`)
}
