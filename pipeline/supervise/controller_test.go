package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

const (
	unconfirmed = "srun: error: Unable to confirm allocation for job 12: Unable to contact slurm controller (connect failure)\nsrun: Check SLURM_JOB_ID environment variable. Expired or invalid job 12\n"
	uncreated   = "srun: error: Unable to create step for job 12: Unable to contact slurm controller (connect failure)\n"
)

func TestOnlyAStepThatNeverBeganIsTriedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		log  string
		want bool
	}{
		"not confirmed":           {unconfirmed, true},
		"not created":             {uncreated, true},
		"forgotten in a crash":    {"srun: error: Unable to confirm allocation for job 12: Job is pending execution\n", true},
		"after a module's words":  {"Loading cuda/12\n" + unconfirmed, true},
		"not answered":            {"srun: error: Unable to confirm allocation for job 12: Socket timed out on send/recv operation\n", true},
		"another Slurm's job":     {"srun: error: Unable to confirm allocation for job 12: Invalid job id specified\n", false},
		"no room":                 {"srun: error: Unable to create step for job 12: More processors requested than permitted\n", false},
		"maybe created":           {"srun: error: Unable to create step for job 12: Socket timed out on send/recv operation\n", false},
		"an srun of the command":  {uncreated + "srun: error: n1: task 0: Exited with exit code 1\n", false},
		"the command goes on":     {uncreated + "epoch 1\n", false},
		"the command quotes srun": {"it said srun: error: Unable to create step for job 12: connect failure\n", false},
		"nothing":                 {"", false},
	} {
		if got := saysNoStep([]byte(test.log)); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTheControllerIsWaitedForInVain(t *testing.T) {
	s := newStage(t, "echo '"+strings.TrimSpace(unconfirmed)+"' >&2; exit 1")
	s.onSlurm("12", 0)
	s.manifest.Launcher = "srun"
	s.options.Timing.Controller = time.Second
	o := s.run()
	o.want(t, 1, record.Failed, "srun could not reach Slurm's controller")
	if n := strings.Count(o.log, "trying again in"); n < 2 {
		t.Errorf("tried again %d times:\n%s", n, o.log)
	}
}

func TestALaterTrysEndIsExplainedByItself(t *testing.T) {
	s := newStage(t, "[ -e tried ] && exit 3; touch tried; echo '"+strings.TrimSpace(unconfirmed)+"' >&2; exit 1")
	s.onSlurm("12", 0)
	s.manifest.Launcher = "srun"
	s.options.Timing.Controller = time.Minute
	if o := s.run(); o.code != 3 || o.Reason != "the command ended with exit code 3" {
		t.Errorf("ended with %d: %s", o.code, o.Reason)
	}
}

func TestAStageStartsOnceTheControllerIsBack(t *testing.T) {
	t.Parallel()
	cluster := slurmtest.Start(t)
	s := submitTimed(t, cluster, Timing{Controller: 2 * time.Minute},
		`touch MARKS/up; until [ -e MARKS/go ]; do sleep 0.02; done; srun bash -c 'echo run >> MARKS/runs'`)
	s.await("the job to start", func() bool { return s.has("up") })
	if err := cluster.StopController(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.folder, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.await("srun to fail", func() bool { return strings.Contains(s.log(), "trying again in") })
	if err := cluster.ContinueController(); err != nil {
		t.Fatal(err)
	}
	if r := s.ended(); r.State != record.Succeeded || *r.ExitCode != 0 {
		t.Errorf("%+v\n%s", r, s.log())
	}
	if got := readFile(t, filepath.Join(s.folder, "runs")); got != "run\n" {
		t.Errorf("the command ran %d times", strings.Count(got, "run"))
	}
}

// An srun that asks while the controller starts again is left waiting.
func TestAnSrunThatIsLeftWaitingIsTriedAgain(t *testing.T) {
	t.Parallel()
	cluster := slurmtest.Start(t)
	s := submitTimed(t, cluster, Timing{Controller: 2 * time.Minute, Step: 15 * time.Second},
		`touch MARKS/up; until [ -e MARKS/go ]; do sleep 0.02; done; srun bash -c 'echo run >> MARKS/runs'`)
	s.await("the job to start", func() bool { return s.has("up") })
	if err := cluster.EndController(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.folder, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(4 * time.Second) // srun tries for nine seconds
	if err := cluster.RestartController(); err != nil {
		t.Fatal(err)
	}
	if r := s.ended(); r.State != record.Succeeded || *r.ExitCode != 0 {
		t.Errorf("%+v\n%s", r, s.log())
	}
	if got := readFile(t, filepath.Join(s.folder, "runs")); got != "run\n" {
		t.Errorf("the command ran %d times", strings.Count(got, "run"))
	}
	t.Log(s.log())
}
