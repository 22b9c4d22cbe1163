package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

func TestARequeuedJobStartsAfresh(t *testing.T) {
	s := newStage(t, `[ ! -e leftover ] || exit 9; touch leftover up; [ "$SLURM_RESTART_COUNT" = 1 ] || while :; do sleep 0.02; done; echo model > model`)
	s.manifest.Outputs = map[string]string{"model": "model"}
	s.onSlurm("12", 0)
	first := s.start()
	first.await(filepath.Join(s.work(), "up"))
	first.signal(syscall.SIGTERM)
	first.wait().want(t, 143, record.Interrupted)

	s.onSlurm("12", 1)
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if o.Restarts != 1 || o.Job != "12" {
		t.Errorf("record: job %s, restart %d", o.Job, o.Restarts)
	}
	var earlier record.Record
	if err := workspace.ReadJSON(filepath.Join(s.attempt(), "record-0.json"), &earlier, record.Version); err != nil {
		t.Fatal(err)
	}
	if earlier.State != record.Interrupted || earlier.Restarts != 0 {
		t.Errorf("the first start's record: %+v", earlier)
	}
}

// stopWhileCollecting runs a job into a SIGTERM that comes when its command has
// ended well: its output is so large (and empty) that its digest takes minutes.
func stopWhileCollecting(t *testing.T) *stageUnderTest {
	s := newStage(t, `echo "loss: 0.5"; mkdir out; truncate -s ${SIZE} out/model`)
	s.manifest.Env = map[string]string{"SIZE": "256G"}
	s.manifest.Outputs = map[string]string{"model": "out"}
	s.manifest.Metric = append(s.manifest.Metric, metricLoss)
	s.onSlurm("12", 0)
	job := s.start()
	job.await(filepath.Join(s.attempt(), "ended.json"))
	job.signal(syscall.SIGTERM)
	o := job.wait()
	o.want(t, 143, record.Interrupted, "SIGTERM")
	if o.Step != "outputs" {
		t.Errorf("stopped at step %q", o.Step)
	}
	if err := os.Truncate(filepath.Join(s.work(), "out/model"), 4); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAStopWhileCollectingCostsNoTraining(t *testing.T) {
	s := stopWhileCollecting(t)
	s.onSlurm("12", 1)
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if o.Metrics["loss"] != 0.5 || *o.ExitCode != 0 {
		t.Errorf("record: %+v", o.Record)
	}
	if strings.Count(o.log, "loss: 0.5") != 1 {
		t.Errorf("the command ran again:\n%s", o.log)
	}
	if got := readFile(t, s.workspace.Output(s.manifest.Key, "out/model")); got != "\x00\x00\x00\x00" {
		t.Errorf("the store holds %q", got)
	}
}

func TestWithoutItsOutputsTheCommandRunsAgain(t *testing.T) {
	s := stopWhileCollecting(t)
	if err := os.RemoveAll(filepath.Join(s.work(), "out")); err != nil {
		t.Fatal(err)
	}
	s.manifest.Env["SIZE"] = "4"
	s.onSlurm("12", 1)
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if strings.Count(o.log, "loss: 0.5") != 2 {
		t.Errorf("the command did not run again:\n%s", o.log)
	}
}

func TestALostNodesSupervisorDoesNotSpeakOverItsSuccessor(t *testing.T) {
	s := newStage(t, `touch up; while [ ! -e go-on ]; do sleep 0.02; done; exit 3`)
	s.options.Failed = filepath.Join(t.TempDir(), "failed")
	s.onSlurm("12", 0)
	orphan := s.start()
	orphan.await(filepath.Join(s.work(), "up"))
	successor := record.Record{Key: s.manifest.Key, Job: "12", Restarts: 1, State: record.Running}
	if err := record.Write(s.attempt(), &successor); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.work(), "go-on"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := orphan.cmd.Wait(); err == nil {
		t.Error("the orphan's exit code is 0")
	}
	now, err := record.Read(s.attempt())
	if err != nil || now.Restarts != 1 || now.State != record.Running {
		t.Errorf("the successor's record was replaced: %+v, %v", now, err)
	}
	var own record.Record
	if err := workspace.ReadJSON(filepath.Join(s.attempt(), "record-0.json"), &own, record.Version); err != nil || own.State != record.Failed {
		t.Errorf("the orphan's own record: %+v, %v", own, err)
	}
	if _, err := os.Stat(s.options.Failed); err == nil {
		t.Error("the orphan has given up what depends on its successor")
	}
}
