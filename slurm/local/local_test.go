package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

func TestChainRunsInOrder(t *testing.T) {
	r := newRun(t)
	a := r.submit("a", "echo a >>order", held)
	b := r.submit("b", "echo b >>order", after(a))
	c := r.submit("c", "echo c >>order", after(b))
	if q := r.queue(); q[a].Reason != "JobHeldUser" || q[b].Reason != "Dependency" || q[a].State != "PENDING" {
		t.Errorf("before the release: %+v", q)
	}
	r.release(a)
	last := r.awaitState(c, "COMPLETED")
	if got := r.read(filepath.Join(r.home, "order")); got != "a\nb\nc\n" {
		t.Errorf("order %q", got)
	}
	host, _ := os.Hostname()
	if last.Node != host || last.Start.IsZero() || last.End.Before(last.Start) || last.Submit.IsZero() ||
		last.Exit == nil || *last.Exit != (slurm.ExitCode{}) || last.Name != "c" || last.Comment != "token:c" {
		t.Errorf("the last job: %+v, exit %+v", last, last.Exit)
	}
	r.awaitGone()
	if q := r.queue(); q[a].State != "COMPLETED" || q[c].State != "COMPLETED" {
		t.Errorf("when the scheduler has ended: %+v", q)
	}
	if _, err := r.History(context.Background(), a); !errors.Is(err, slurm.ErrNoAccounting) {
		t.Errorf("History: %v", err)
	}
}

func TestJobStartsAtOnceWithoutHold(t *testing.T) {
	r := newRun(t)
	a := r.submit("a", "true")
	r.awaitState(a, "COMPLETED")
	r.awaitGone()
	b := r.submit("b", "true", after(a)) // what it waits for has ended: nothing would release it
	r.awaitState(b, "COMPLETED")
}

func TestFailureEndsWhatDependsOnIt(t *testing.T) {
	r := newRun(t)
	a := r.submit("a", "exit 7", held)
	b := r.submit("b", "touch ran", after(a))
	c := r.submit("c", "touch ran", after(b))
	orphan := r.submit("orphan", "touch ran", after(a), func(s *slurm.Submission) { s.Orphan = true })
	side := r.submit("side", "true", held)
	r.release(a, side, "99", "x")
	failed := r.awaitState(a, "FAILED")
	if failed.Exit == nil || failed.Exit.Code != 7 || failed.Reason != "NonZeroExitCode" {
		t.Errorf("a: %+v, exit %+v", failed, failed.Exit)
	}
	for _, id := range []string{b, c} {
		if j := r.awaitState(id, "CANCELLED"); j.Reason != "DependencyNeverSatisfied" || j.Exit != nil {
			t.Errorf("job %s: %+v", id, j)
		}
	}
	r.awaitState(side, "COMPLETED")
	r.awaitGone() // the orphan does not keep it
	if j := r.queue()[orphan]; j.State != "PENDING" || j.Reason != "DependencyNeverSatisfied" {
		t.Errorf("orphan: %+v", j)
	}
	r.cancel(orphan)
	if j := r.queue()[orphan]; j.State != "CANCELLED" {
		t.Errorf("orphan, cancelled: %+v", j)
	}
	if _, err := os.Stat(filepath.Join(r.home, "ran")); err == nil {
		t.Error("a job ran whose dependency had failed")
	}
}

func TestSignalIsReported(t *testing.T) {
	r := newRun(t)
	id := r.submit("a", "kill -USR2 $$; sleep 60")
	j := r.awaitState(id, "FAILED")
	if j.Exit == nil || *j.Exit != (slurm.ExitCode{Signal: 12}) || j.Reason != "RaisedSignal" {
		t.Errorf("%+v, exit %+v", j, j.Exit)
	}
}

func TestTimeLimit(t *testing.T) {
	limit := func(s *slurm.Submission) { s.Job.Resources.Time = 200 * time.Millisecond }
	r := newRun(t)
	kind := r.submit("kind", "trap 'echo told; exit 0' TERM\nsleep 60 & wait", limit)
	next := r.submit("next", "true", after(kind))
	if j := r.awaitState(kind, "TIMEOUT"); j.Reason != "TimeLimit" || j.Exit == nil || *j.Exit != (slurm.ExitCode{}) {
		t.Errorf("%+v, exit %+v", j, j.Exit)
	}
	if got := r.read(r.log("kind")); got != "told\n" {
		t.Errorf("log of the one that listens: %q", got)
	}
	r.awaitState(next, "CANCELLED")
	r.wantNoProcess()
}

func TestTimeLimitKillsTheDeaf(t *testing.T) {
	r := newRun(t)
	r.options.KillWait = 100 * time.Millisecond
	id := r.submit("deaf", "trap '' TERM\nsleep 60 & sleep 60", func(s *slurm.Submission) { s.Job.Resources.Time = 100 * time.Millisecond })
	if j := r.awaitState(id, "TIMEOUT"); j.Exit == nil || j.Exit.Signal != 9 {
		t.Errorf("%+v, exit %+v", j, j.Exit)
	}
	r.wantNoProcess()
}

func TestCancel(t *testing.T) {
	r := newRun(t)
	runs := r.submit("runs", "trap 'echo told; exit 3' TERM\necho up >up\nsleep 60 & wait")
	waits := r.submit("waits", "true", after(runs))
	onHold := r.submit("held", "true", held)
	r.awaitFile("up")
	other := r.again() // another process may cancel, too
	if err := other.Cancel(context.Background(), runs, onHold, "99"); err != nil {
		t.Fatal(err)
	}
	if j := r.awaitState(runs, "CANCELLED"); j.Exit == nil || j.Exit.Code != 3 {
		t.Errorf("%+v, exit %+v", j, j.Exit)
	}
	r.awaitState(waits, "CANCELLED")
	r.awaitState(onHold, "CANCELLED")
	r.awaitGone()
	r.wantNoProcess()
	r.cancel(runs, waits, onHold)
	if j := r.queue()[runs]; j.State != "CANCELLED" {
		t.Errorf("cancelled twice: %+v", j)
	}
}

func TestCancelBeforeAnySchedulerLives(t *testing.T) {
	r := newRun(t)
	a := r.submit("a", "touch ran", held)
	b := r.submit("b", "touch ran", after(a))
	r.cancel(a)
	if q := r.queue(); q[a].State != "CANCELLED" || q[b].State != "CANCELLED" || q[b].Reason != "DependencyNeverSatisfied" {
		t.Errorf("%+v", q)
	}
	r.release(a)
	r.awaitGone()
	if q := r.queue(); q[a].State != "CANCELLED" || q[b].State != "CANCELLED" {
		t.Errorf("released all the same: %+v", q)
	}
}

func TestNoProcessOutlivesItsJob(t *testing.T) {
	const daemon = `exec 3>&-; setsid bash -c 'echo $$ >%[1]s.new; mv %[1]s.new %[1]s; exec %[2]s sleep 300' >/dev/null 2>&1 </dev/null &
until [ -e %[1]s ]; do read -t 0.01 <> <(:) || :; done; exit %[3]d`
	r := newRun(t)
	blocker := r.submit("blocker", "until [ -e go ]; do sleep 0.01; done", held)
	ok := r.submit("ok", fmt.Sprintf(daemon, "pid-ok", "", 0), held)
	bad := r.submit("bad", fmt.Sprintf(daemon, "pid-bad", "", 1), held)
	bare := r.submit("bare", fmt.Sprintf(daemon, "pid-bare", "env -i", 0), after(blocker))
	for _, id := range []string{blocker, ok, bad} {
		if err := r.folder.mark(released, []string{id}); err != nil {
			t.Fatal(err)
		}
	}
	r.release()
	r.awaitState(ok, "COMPLETED")
	r.awaitState(bad, "FAILED")
	for _, name := range []string{"pid-ok", "pid-bad"} {
		r.wantDead(r.awaitFile(name))
	}
	if err := os.WriteFile(filepath.Join(r.home, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.awaitState(bare, "COMPLETED")
	r.wantDead(r.awaitFile("pid-bare")) // although it shed its environment
	r.wantNoProcess()
}

func (r *run) wantDead(pid string) {
	r.Helper()
	var number int
	fmt.Sscan(pid, &number)
	if p, err := readProcess(number); err == nil && !p.zombie() {
		r.Errorf("process %s outlives its job: %+v", pid, p)
	}
}

func TestJobEnvironment(t *testing.T) {
	r := newRun(t)
	t.Setenv("LEAK", "leaked")
	t.Setenv("PATH", os.Getenv("PATH")+":/leaked")
	t.Setenv("LANG", "")
	id := r.submit("a", "pwd; env -0 | sort -z | tr '\\0' '\\n'; echo to stderr >&2; umask", func(s *slurm.Submission) {
		s.Env = []string{"RUNPIPE_ENV_TOKEN=s3cret=1", "LATIN=caf\xe9", "CUDA_VISIBLE_DEVICES=7"}
	})
	r.awaitState(id, "COMPLETED")
	log := r.read(r.log("a"))
	for _, want := range []string{r.home + "\n", "\nRUNPIPE_ENV_TOKEN=s3cret=1\n", "\nLATIN=caf\xe9\n", "\nCUDA_VISIBLE_DEVICES=\n", "\nLANG=C.UTF-8\n", "\nPATH=" + jobPath + "\n",
		"\nSHELL=/bin/bash\n", "\nRUNPIPE_LOCAL_JOB=" + id + "\n", "\nRUNPIPE_LOCAL_TOKEN=", "\nTMPDIR=" + os.TempDir() + "\n", "\nto stderr\n"} {
		if !strings.Contains("\n"+log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
	for _, leak := range []string{"leaked", "RUNPIPE_LOCAL_SOCKET"} {
		if strings.Contains(log, leak) {
			t.Errorf("%s gets into the job:\n%s", leak, log)
		}
	}
	if info, err := os.Stat(r.log("a")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the log: %v, %v", info.Mode(), err)
	}
}

func TestSecretsTouchNoFile(t *testing.T) {
	const secret = "correct-horse-battery-staple"
	r := newRun(t)
	first := r.submit("first", `[ "$S" = `+secret[:7]+`"-horse-battery-staple" ] && echo up >up; until [ -e go ]; do sleep 0.01; done`, held, func(s *slurm.Submission) {
		s.Env = []string{"S=" + secret}
	})
	r.release(first)
	r.awaitFile("up")
	// A later one goes to the scheduler that lives already.
	second := r.submit("second", `[ "${#S}" = 28 ]`, after(first), func(s *slurm.Submission) { s.Env = []string{"S=" + secret} })
	if len(r.env) > 0 {
		t.Errorf("the submitter still keeps %d environments", len(r.env))
	}
	if err := os.WriteFile(filepath.Join(r.home, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.awaitState(second, "COMPLETED")
	r.awaitGone()
	for _, dir := range []string{r.dir, r.home, os.TempDir()} {
		err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() && strings.Contains(r.read(path), secret) {
				t.Errorf("%s holds the secret", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Submit(context.Background(), slurm.Submission{Env: []string{"S\x00" + secret}}); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("a malformed variable: %v", err)
	}
}

func TestLaunchFailures(t *testing.T) {
	r := newRun(t)
	gone := r.submit("gone", "touch ran", func(s *slurm.Submission) { s.Job.Dir = r.home + "/gone" })
	j := r.awaitState(gone, "FAILED")
	if !strings.HasPrefix(j.Reason, "JobLaunchFailure: ") || j.Exit == nil || j.Exit.Code == 0 || !strings.Contains(r.read(r.log("gone")), "/gone: no such file") {
		t.Errorf("%+v, exit %+v, log %q", j, j.Exit, r.read(r.log("gone")))
	}
	script := r.submission("script", "")
	script.Path += ".gone"
	id, err := r.Submit(context.Background(), script)
	if err != nil {
		t.Fatal(err)
	}
	if j := r.awaitState(id, "FAILED"); j.Exit.Code != 127 {
		t.Errorf("no script: %+v, exit %+v", j, j.Exit)
	}
}

func TestSubmitRefuses(t *testing.T) {
	r := newRun(t)
	for want, change := range map[string]func(*slurm.Submission){
		"2 nodes":             func(s *slurm.Submission) { s.Job.Resources.Nodes = 2 },
		"job 5, which is no":  func(s *slurm.Submission) { s.After = []string{"5"} },
		`job "../x", which`:   func(s *slurm.Submission) { s.After = []string{"../x"} },
		"must be absolute":    func(s *slurm.Submission) { s.Path = "job.sh" },
		"of the form NAME=va": func(s *slurm.Submission) { s.Env = []string{"NAME"} },
	} {
		s := r.submission("a", "true")
		change(&s)
		if id, err := r.Submit(context.Background(), s); err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, slurm.ErrAmbiguous) {
			t.Errorf("want %q, got id %q, error %v", want, id, err)
		}
	}
	if q := r.queue(); len(q) != 0 {
		t.Errorf("refused, and in the queue: %+v", q)
	}
}
