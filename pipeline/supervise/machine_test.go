package supervise

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

// says is what a system's own program prints.
func says(t *testing.T, words ...string) string {
	t.Helper()
	out, err := exec.Command(words[0], words[1:]...).Output()
	if err != nil {
		t.Fatal(words, err)
	}
	return strings.TrimSpace(string(out))
}

func TestTheRecordTellsOfTheMachine(t *testing.T) {
	s := newStage(t, "true")
	s.onSlurm("12", 0)
	s.environ = append(s.environ, "SLURM_JOB_NODELIST=gpu[03-04]", "SLURM_JOB_PARTITION=long")
	o := s.run()
	o.want(t, 0, record.Succeeded)
	m := o.Machine
	for what, pair := range map[string][2]*string{
		"kernel": {m.Kernel, ptrTo(says(t, "uname", "-r"))}, "arch": {m.Arch, ptrTo(says(t, "uname", "-m"))},
		"libc":  {m.Libc, ptrTo(strings.TrimPrefix(says(t, "getconf", "GNU_LIBC_VERSION"), "glibc "))},
		"nodes": {m.Nodes, ptrTo("gpu[03-04]")}, "partition": {m.Partition, ptrTo("long")}, "cuda": {m.CUDA, nil},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	if m.CPUs == nil || *m.CPUs < 1 || m.Memory == nil || *m.Memory < 64<<20 {
		t.Errorf("cpus %v, memory %v", m.CPUs, m.Memory)
	}
	if o.Submitted == nil || o.Submitted.After(o.Started) {
		t.Errorf("submitted %v, started %v", o.Submitted, o.Started)
	}
}

func ptrTo[T any](v T) *T { return &v }

func TestWhatCannotBeReadIsNull(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, "/nonexistent"} {
		if got := cpuModel(path); got != nil {
			t.Errorf("a processor: %s", *got)
		}
		if got := memoryOf(path); got != nil {
			t.Errorf("memory: %d", *got)
		}
		if got := libcVersion([]string{path}); got != nil {
			t.Errorf("libc: %s", *got)
		}
	}
	if used := groupUsage("/nonexistent", "/nonexistent"); used.CPU != nil || used.PeakMemory != nil {
		t.Errorf("used: %+v", used)
	}
}

func TestTheRecordTellsWhatTheCommandUsed(t *testing.T) {
	// tail keeps a line of 100 MB; the shell counts its children when it has waited for them.
	s := newStage(t, "head -c 100000000 /dev/zero | tail -n 1 > /dev/null")
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if o.Usage == nil || *o.Usage.PeakMemory < 90e6 || *o.Usage.PeakMemory > 1e9 || *o.Usage.CPU <= 0 || *o.Usage.CPU > 60 {
		t.Errorf("used %+v", o.Usage)
	}
}

func TestAControlGroupTellsWhatSrunsTasksUsed(t *testing.T) {
	mounted := t.TempDir()
	job := filepath.Join(mounted, "system.slice", "job_7")
	if err := os.MkdirAll(job, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"system.slice/job_7/memory.peak": "4096\n", "system.slice/job_7/cpu.stat": "usage_usec 2500000\nuser_usec 1\n", "self": "0::/system.slice/job_7/step_batch\n",
	} {
		if err := os.WriteFile(filepath.Join(mounted, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if used := groupUsage(filepath.Join(mounted, "self"), mounted); *used.PeakMemory != 4096 || *used.CPU != 2.5 {
		t.Errorf("used %v and %v", *used.PeakMemory, *used.CPU)
	}
}

func TestTheRecordTellsWhatTheStageStartedFrom(t *testing.T) {
	upstream := newStage(t, "echo weights > model")
	upstream.manifest.Outputs = map[string]string{"model": "model"}
	upstream.run().want(t, 0, record.Succeeded)

	s := newStageIn(t, upstream.workspace, "evaluate.accuracy", "true")
	file := s.write("data.npz", "digits")
	digest, err := stages.FileDigest(file)
	if err != nil {
		t.Fatal(err)
	}
	s.manifest.Files = []stages.StageFile{{To: "data/data.npz", From: file, Digest: digest}}
	s.manifest.Upstreams = []stages.Upstream{
		{Address: "train.cnn", Key: upstream.manifest.Key}, {Address: "train.cnn", Key: upstream.manifest.Key, Order: true},
	}
	o := s.run()
	o.want(t, 0, record.Succeeded)
	weights, err := stages.FileDigest(s.workspace.Output(upstream.manifest.Key, "model"))
	if err != nil {
		t.Fatal(err)
	}
	want := []record.Input{{Stage: "train.cnn", Key: keyOf("train.cnn"), Output: "model", Digest: weights, Size: 8}, {File: "data/data.npz", Digest: digest}}
	if diff := cmp.Diff(want, o.Inputs); diff != "" {
		t.Errorf("inputs (-want +got):\n%s", diff)
	}
}
