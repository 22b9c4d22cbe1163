package supervise

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runpipe/runpipe/pipeline/record"
)

// task starts one rank as srun would.
func task(t *testing.T, folder string, rank int, argv ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, append([]string{"task"}, argv...)...)
	cmd.Env = []string{noSleep, "PATH=/usr/bin:/bin", fmt.Sprintf("SLURM_PROCID=%d", rank), "SLURMD_NODENAME=n1", tasksVariable + "=" + folder, "SLURM_CONF=/dev/null"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestATaskRecordsHowItEnded(t *testing.T) {
	folder := t.TempDir()
	for rank, test := range []struct {
		argv []string
		want record.Task
	}{
		{[]string{"true"}, record.Task{ExitCode: 0}},
		{[]string{"sh", "-c", "exit 3"}, record.Task{ExitCode: 3}},
		{[]string{"sh", "-c", "kill -KILL $$"}, record.Task{ExitCode: 137, Signal: "SIGKILL"}},
		{[]string{"no-such-program"}, record.Task{ExitCode: 127}},
		{[]string{"/etc"}, record.Task{ExitCode: 126}},
	} {
		cmd := task(t, folder, rank, test.argv...)
		cmd.Wait()
		got, err := readTask(taskFile(folder, rank))
		test.want.Rank, test.want.Node = rank, "n1"
		if started := test.want.ExitCode != 126 && test.want.ExitCode != 127; started != (got.Usage != nil) {
			t.Errorf("%v: used %+v", test.argv, got.Usage)
		}
		got.Usage = nil
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%v: %v (-want +got)\n%s", test.argv, err, diff)
		}
		if code := cmd.ProcessState.ExitCode(); code != test.want.ExitCode {
			t.Errorf("%v: exit code %d", test.argv, code)
		}
	}
}

func TestATaskPassesItsSignalOnAndWaits(t *testing.T) {
	folder := t.TempDir()
	up := filepath.Join(folder, "up")
	cmd := task(t, folder, 0, "bash", "-c", `trap 'sleep 0.1; exit 5' TERM; touch `+up+`; while :; do sleep 0.02; done`)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(up); err == nil || time.Now().After(deadline) {
			break
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	got, err := readTask(taskFile(folder, 0))
	if err != nil || got.ExitCode != 5 {
		t.Errorf("%+v, %v", got, err)
	}
}

// ranksStage is a multi-task stage whose launcher is a loop: how ranks are
// judged does not depend on who started them.
func ranksStage(t *testing.T, rank string) *stageUnderTest {
	s := newStage(t, `for r in 0 1 2; do SLURM_PROCID=$r SLURMD_NODENAME=n$r "$runpipe" task bash -c '`+rank+`'; done; `)
	s.onSlurm("12", 0)
	s.manifest.Launcher, s.manifest.Tasks = "srun", 3
	return s
}

func TestEveryRankMustEndWell(t *testing.T) {
	o := ranksStage(t, "true").run()
	o.want(t, 0, record.Succeeded)
	if len(o.Tasks) != 3 || o.Tasks[2].Node != "n2" {
		t.Errorf("tasks: %+v", o.Tasks)
	}
	// The launcher says 0, as srun does after a node failure on 22.05.
	s := ranksStage(t, "[ $SLURM_PROCID != 1 ] || exit 3")
	s.script += "true"
	o = s.run()
	o.want(t, 3, record.Failed, "rank 1 on n1 ended with exit code 3")
	if *o.ExitCode != 3 {
		t.Errorf("exit code %d", *o.ExitCode)
	}
	// The launcher hides the code, as srun -K1 does, and kills the others.
	s = ranksStage(t, "[ $SLURM_PROCID = 1 ] && exit 3; kill -TERM $$")
	s.script += "exit 143"
	s.run().want(t, 3, record.Failed, "rank 1 on n1")
}

func TestARankWithoutARecordIsNoSuccess(t *testing.T) {
	s := ranksStage(t, "true")
	s.script += "rm $RUNPIPE_TASKS/task-1.json"
	s.run().want(t, 1, record.Failed, "rank 1 left no record")
}

func TestALostNodeIsNoSuccess(t *testing.T) {
	// What srun says on 22.05, where it then ends with 0.
	const lost = `echo "srun: error: Node failure on n1" >&2`
	s := newStage(t, lost)
	s.onSlurm("12", 0)
	s.run().want(t, 1, record.Failed, "a node of the job failed")

	s.script = "true"
	s.onSlurm("12", 1)
	s.run().want(t, 0, record.Succeeded) // an earlier start's log tells nothing of this one
}

func TestAJobThatBearsTheLossOfANodeMaySucceed(t *testing.T) {
	s := newStage(t, "#SBATCH --no-kill\n"+`echo "srun: error: Node failure on n1" >&2`)
	s.onSlurm("12", 0)
	s.run().want(t, 0, record.Succeeded)
}
