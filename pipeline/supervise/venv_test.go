package supervise

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
)

// build stands in for `python -m venv` and pip: what matters here is where it
// builds, how often, and what becomes of it. It counts its starts in a file.
const build = `
echo start >> %[1]s
mkdir "$RUNPIPE_VENV"; touch "$RUNPIPE_VENV/half"
%[2]s
touch "$RUNPIPE_VENV/pyvenv.cfg"; rm "$RUNPIPE_VENV/half"
ln -s "$RUNPIPE_VENV" venv
`

// newEnvironment is an environment stage; during is what happens half-way.
func newEnvironment(t *testing.T, during string) (s *stageUnderTest, starts string) {
	starts = filepath.Join(t.TempDir(), "starts")
	s = newStage(t, fmt.Sprintf(build, starts, during))
	s.manifest.Address, s.manifest.Kind = "environment.python", "environment"
	s.manifest.Venv = true
	s.manifest.Outputs = map[string]string{"venv": "venv"}
	return s, starts
}

// another is the same environment in another run.
func (s *stageUnderTest) another(run string) *stageUnderTest {
	other := *s
	other.manifest.Run = run
	other.manifest.StageDir = filepath.Join(s.workspace.Run(run), "stages", "environment.python")
	return &other
}

// wantEnvironments fails the test unless there are so many folders, and no
// claims, in the workspace's envs.
func (s *stageUnderTest) wantEnvironments(n int) {
	s.t.Helper()
	entries, err := os.ReadDir(s.workspace.Environments())
	if err != nil {
		s.t.Fatal(err)
	}
	if len(entries) != n {
		s.t.Errorf("envs holds %v; want %d folders and no claim", entries, n)
	}
}

func TestAnEnvironmentIsBuiltAtItsFinalPlace(t *testing.T) {
	s, _ := newEnvironment(t, "true")
	o := s.run()
	o.want(t, 0, record.Succeeded)
	link := s.workspace.Output(s.manifest.Key, "venv")
	target, err := os.Readlink(link)
	if err != nil || target != filepath.Join(s.workspace.Environments(), s.manifest.Key[:16]+"-"+s.manifest.Run+"-7-0") {
		t.Errorf("the output leads to %s, %v", target, err)
	}
	if _, err := os.Stat(filepath.Join(link, "pyvenv.cfg")); err != nil {
		t.Error(err)
	}
	s.wantEnvironments(1)
}

func TestAFailedBuildLeavesNothing(t *testing.T) {
	s, _ := newEnvironment(t, "exit 7")
	s.run().want(t, 7, record.Failed)
	s.wantEnvironments(0)
}

func TestAnInterruptedBuildLeavesNothing(t *testing.T) {
	s, starts := newEnvironment(t, "touch up; while :; do sleep 0.02; done")
	job := s.start()
	job.await(filepath.Join(s.work(), "up"))
	job.signal(syscall.SIGTERM)
	job.wait().want(t, 143, record.Interrupted)
	s.wantEnvironments(0)
	s.script = fmt.Sprintf(build, starts, "true")
	s.run().want(t, 0, record.Succeeded)
}

func TestALinkToAnotherPlaceIsNoEnvironment(t *testing.T) {
	s, _ := newEnvironment(t, "true")
	s.script = `ln -s /usr venv`
	s.run().want(t, 1, record.Failed, "output venv: venv leads to /usr, not to the environment built in")
}

func TestTwoRunsBuildOneEnvironment(t *testing.T) {
	goOn := filepath.Join(t.TempDir(), "go-on")
	s, starts := newEnvironment(t, "while [ ! -e "+goOn+" ]; do sleep 0.02; done")
	first := s.another("first")
	builder := first.start()
	builder.await(starts)
	waiters := []*running{s.another("second").start(), s.another("third").start()}
	for _, w := range waiters {
		w.awaitLog("waiting for job 7-0 of run first on ")
	}
	if err := os.WriteFile(goOn, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	builder.wait().want(t, 0, record.Succeeded)
	for _, w := range waiters {
		w.wait().want(t, 0, record.Succeeded, "already made by run first")
	}
	if got := readFile(t, starts); got != "start\n" {
		t.Errorf("built %d times", strings.Count(got, "start"))
	}
	s.wantEnvironments(1)
}

// awaitLog waits until the job's log holds text.
func (r *running) awaitLog(text string) {
	r.stage.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(r.stage.log(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.stage.t.Fatalf("the log lacks %q:\n%s", text, r.stage.log())
		}
	}
}

func TestWhenTheBuilderFailsAWaiterBuilds(t *testing.T) {
	fail := filepath.Join(t.TempDir(), "fail")
	s, starts := newEnvironment(t, `if [ "$RUNPIPE_RUN" = first ]; then while [ ! -e `+fail+` ]; do sleep 0.02; done; exit 1; fi`)
	builder := s.another("first").start()
	builder.await(starts)
	waiter := s.another("second").start()
	waiter.awaitLog("waiting for job")
	if err := os.WriteFile(fail, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	builder.wait().want(t, 1, record.Failed)
	waiter.wait().want(t, 0, record.Succeeded)
	s.wantEnvironments(1)
}

func TestABuilderThatWasKilledIsTakenOver(t *testing.T) {
	s, starts := newEnvironment(t, `[ "$RUNPIPE_RUN" != first ] || sleep 1000`)
	builder := s.another("first").start()
	builder.await(starts)
	waiter := s.another("second").start()
	waiter.awaitLog("waiting for job")
	// A lost node: the supervisor and what it started end at once, without a word.
	for _, p := range append(descendants(builder.cmd.Process.Pid), process{pid: builder.cmd.Process.Pid}) {
		syscall.Kill(p.pid, syscall.SIGKILL)
	}
	builder.cmd.Wait()
	waiter.wait().want(t, 0, record.Succeeded)
	s.wantEnvironments(1) // the half-built one is gone
}
