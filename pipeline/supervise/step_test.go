package supervise

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
)

// leftWaiting has this node look as while an srun of job 4212 waits for its step: the
// batch step's slurmstepd is there, and the controller tells of a step that is pending.
// At SIGTERM, srun says what is given.
func leftWaiting(t *testing.T, says string) *stageUnderTest {
	bin := t.TempDir()
	program := func(name, text string) {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/bash\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	program("scontrol", "echo 'StepId=4212.0 UserId=0 StartTime=Unknown State=PENDING Partition=p'\n")
	program("srun", "echo ran\n[ -e tried ] && exit 0\ntouch tried\ntrap 'echo \""+says+"\" >&2; exit 143' TERM\nwhile :; do sleep 0.05; done\n")
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(cat, filepath.Join(bin, "slurmstepd")); err != nil {
		t.Fatal(err)
	}
	step := exec.Command(filepath.Join(bin, "slurmstepd"))
	step.Args = []string{"slurmstepd: [4212.batch]"}
	open, err := step.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := step.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = open.Close(); _ = step.Wait() })
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	s := newStage(t, "exec "+filepath.Join(bin, "srun"))
	s.onSlurm("4212", 0)
	s.manifest.Launcher = "srun"
	s.options.Timing.Controller, s.options.Timing.Step = time.Minute, 50*time.Millisecond
	return s
}

func TestAStepThatBeganAfterAllIsNotTriedAgain(t *testing.T) {
	o := leftWaiting(t, "srun: error: n1: task 0: Terminated").run()
	if got := strings.Count(o.log, "ran\n"); o.State != record.Failed || got != 1 {
		t.Errorf("%s after %d runs:\n%s", o.State, got, o.log)
	}
}

func TestAStepThatNeverBeganIsTriedAgain(t *testing.T) {
	o := leftWaiting(t, "srun: error: Unable to create step for job 4212: Interrupted system call").run()
	if got := strings.Count(o.log, "ran\n"); o.State != record.Succeeded || got != 2 {
		t.Errorf("%s after %d runs:\n%s", o.State, got, o.log)
	}
}
