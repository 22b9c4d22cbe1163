package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runpipe/runpipe/slurm"
)

func TestSchedulerKilled(t *testing.T) {
	r := newRun(t)
	// As the supervisor does, the batch process ends its command when told to.
	runs := r.submit("runs", "trap 'kill $!; exit 1' TERM\nsleep 300 & echo up >up; wait", held)
	waits := r.submit("waits", "touch ran", after(runs))
	onHold := r.submit("held", "touch late", held)
	r.release(runs)
	r.awaitFile("up")
	r.signal(r.scheduler(), "-KILL")
	if j := r.awaitState(runs, "NODE_FAIL"); j.Reason != "NodeDown" {
		t.Errorf("%+v", j)
	}
	r.wantNoProcess()
	q := r.queue()
	if q[waits].State != "CANCELLED" || q[onHold].State != "PENDING" || q[onHold].Reason != "JobHeldUser" {
		t.Errorf("%+v", q)
	}
	r.release(onHold) // by the next scheduler, which agrees about the others
	r.awaitState(onHold, "COMPLETED")
	if q := r.queue(); q[runs].State != "NODE_FAIL" || q[waits].State != "CANCELLED" {
		t.Errorf("the next scheduler: %+v", q)
	}
	if _, err := os.Stat(filepath.Join(r.home, "ran")); err == nil {
		t.Error("a job ran whose dependency had failed")
	}
}

func TestSchedulerKilledWithDeafJobs(t *testing.T) {
	r := newRun(t)
	deaf := "trap '' TERM\necho up >up\nsleep 300"
	first := r.submit("first", deaf)
	r.awaitFile("up")
	r.signal(r.scheduler(), "-KILL")
	r.awaitGone()
	if j := r.queue()[first]; j.State != "COMPLETING" || j.Reason != "NodeDown" { // it is not gone, and not said to be
		t.Errorf("%+v", j)
	}
	r.cancel(first)
	r.awaitState(first, "NODE_FAIL")
	r.wantNoProcess()

	// The next scheduler cleans up, too.
	if err := os.Remove(filepath.Join(r.home, "up")); err != nil {
		t.Fatal(err)
	}
	second := r.submit("second", deaf)
	r.awaitFile("up")
	r.signal(r.scheduler(), "-KILL")
	r.awaitGone()
	third := r.submit("third", "true")
	r.awaitState(third, "COMPLETED")
	r.awaitState(second, "NODE_FAIL")
	r.wantNoProcess()
}

func TestBuryEndsWhatTheDeadSchedulerHad(t *testing.T) {
	l := ledger{byID: map[string]*job{}}
	add := func(id string, now status, sub submission) {
		j := &job{id: id, number: len(l.jobs) + 1, submission: sub, status: now, recorded: true, taken: now.Reason != reasonHeld}
		l.jobs, l.byID[id] = append(l.jobs, j), j
	}
	pending := func(reason string) status { return status{State: "PENDING", Reason: reason} }
	add("done", status{State: "COMPLETED"}, submission{})
	add("ran", status{State: "RUNNING"}, submission{})
	add("lives", status{State: "RUNNING"}, submission{})
	add("waited for CPUs", pending(reasonResources), submission{})
	add("about to start", pending(reasonDependency), submission{After: []string{"done"}})
	add("behind the one that ran", pending(reasonDependency), submission{After: []string{"ran"}})
	add("behind the one that lives", pending(reasonDependency), submission{After: []string{"lives"}})
	add("held", pending(reasonHeld), submission{Hold: true})
	add("behind the held one", pending(reasonDependency), submission{After: []string{"held"}})
	add("released too late", pending(reasonHeld), submission{Hold: true})
	l.byID["released too late"].released = true
	l.bury(func(j *job) bool { return j.id == "lives" })
	got := map[string]string{}
	for _, j := range l.jobs {
		got[j.id] = string(j.State) + " " + j.Reason
	}
	want := map[string]string{
		"done":                      "COMPLETED ",
		"ran":                       "NODE_FAIL NodeDown",
		"lives":                     "COMPLETING NodeDown",
		"waited for CPUs":           "NODE_FAIL NodeDown",
		"about to start":            "NODE_FAIL NodeDown",
		"behind the one that ran":   "CANCELLED DependencyNeverSatisfied",
		"behind the one that lives": "PENDING Dependency",
		"held":                      "PENDING JobHeldUser",
		"behind the held one":       "PENDING Dependency",
		"released too late":         "PENDING Resources",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReusedPIDIsNotTheScheduler(t *testing.T) {
	for what, change := range map[string]func(*identity){
		"another process": func(i *identity) { i.Start++ },
		"another boot":    func(i *identity) { i.Boot = "0" },
	} {
		r := newRun(t)
		id := r.submit("a", "true")
		r.awaitState(id, "COMPLETED")
		r.awaitGone()
		me, err := self() // lives
		if err != nil {
			t.Fatal(err)
		}
		st, _ := r.folder.readState()
		st.Jobs[id] = status{State: "RUNNING"}
		st.Scheduler = &me
		write := func() {
			if err := writeJSON(r.folder.state(), st); err != nil {
				t.Fatal(err)
			}
		}
		if write(); r.queue()[id].State != "RUNNING" {
			t.Errorf("%s: the scheduler lives, and the job is %+v", what, r.queue()[id])
		}
		change(&me)
		if write(); r.queue()[id].State != "NODE_FAIL" {
			t.Errorf("%s has the pid, and the job is %+v", what, r.queue()[id])
		}
		me.Host, me.Boot = "elsewhere", "0"
		if write(); r.queue()[id].State != "RUNNING" {
			t.Errorf("on another machine, which alone can tell, the job is %+v", r.queue()[id])
		}
		if err := r.Cancel(context.Background(), id); err == nil || !strings.Contains(err.Error(), "elsewhere") {
			t.Errorf("cancelling on the wrong machine: %v", err)
		}
		if err := os.Remove(r.folder.state()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSchedulerToldToEndCancelsAll(t *testing.T) {
	r := newRun(t)
	runs := r.submit("runs", "trap 'echo told; exit 1' TERM\necho up >up\nsleep 300 & wait")
	waits := r.submit("waits", "true", after(runs))
	onHold := r.submit("held", "true", held)
	r.awaitFile("up")
	r.signal(r.scheduler(), "-INT")
	for _, id := range []string{runs, waits, onHold} {
		r.awaitState(id, "CANCELLED")
	}
	r.awaitGone()
	r.wantNoProcess()
	if log := r.read(r.log("runs")); log != "told\n" {
		t.Errorf("log %q", log)
	}
}

// TestSubmitterKilled runs submitters that are killed before they release, and
// one that is killed thereafter: the test binary, re-executed.
func TestSubmitterKilled(t *testing.T) {
	r := newRun(t)
	die := func(step string) {
		command := exec.Command(os.Args[0], "-test.run=^TestDyingSubmitter$")
		command.Env = append(os.Environ(), "DYING_SUBMITTER="+step, "RUN_DIR="+r.dir, "RUN_HOME="+r.home)
		command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		out, err := command.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("submitter: %v: %s", err, out)
		}
	}
	die("submit")
	q := r.queue()
	if len(q) != 2 || q["1"].Comment != "token:first" || q["1"].Reason != "JobHeldUser" || q["2"].Reason != "Dependency" {
		t.Fatalf("of the killed submitter: %+v", q)
	}
	die("mark")
	if j := r.queue()["3"]; j.State != "PENDING" || j.Reason != "SchedulerNotRunning" {
		t.Errorf("released, and no scheduler was started: %+v", j)
	}
	die("release") // the scheduler goes on
	for _, id := range []string{"5", "6"} {
		r.awaitState(id, "COMPLETED")
	}
	for _, id := range []string{"1", "3"} { // released by another than submitted them
		if j := r.awaitState(id, "FAILED"); !strings.Contains(j.Reason, "SECRET") || !strings.Contains(r.read(r.log(j.Name)), "submit it again") {
			t.Errorf("%+v", j)
		}
	}
	again := r.submit("again", "true")
	if again != "7" {
		t.Errorf("the next id is %s", again)
	}
	r.awaitState(again, "COMPLETED")
}

func TestDyingSubmitter(t *testing.T) {
	step := os.Getenv("DYING_SUBMITTER")
	if step == "" {
		return // it is a part of TestSubmitterKilled
	}
	r := &run{T: t, dir: os.Getenv("RUN_DIR"), home: os.Getenv("RUN_HOME")}
	r.Executor = r.again()
	first := r.submit("first", "sleep 0.2", held, func(s *slurm.Submission) { s.Env = []string{"SECRET=x"} })
	r.submit("second", "true", after(first))
	switch step {
	case "mark":
		if err := r.folder.mark(released, []string{first}); err != nil {
			t.Fatal(err)
		}
	case "release":
		r.release(first, "1")
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {}
}

func TestHalfWrittenSubmissionsAreNone(t *testing.T) {
	r := newRun(t)
	if id, err := r.folder.reserve(); err != nil || id != "1" {
		t.Fatal(id, err)
	}
	if err := os.WriteFile(filepath.Join(r.folder.jobs(), ".3.json123"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	onNone := r.submission("b", "true")
	onNone.After = []string{"1"}
	if _, err := r.Submit(context.Background(), onNone); err == nil {
		t.Error("a job may wait for one that was never submitted")
	}
	id := r.submit("a", "true", held)
	if id != "2" {
		t.Errorf("the id is %s, and 1 was given away", id)
	}
	if q := r.queue(); len(q) != 1 {
		t.Errorf("%+v", q)
	}
	r.release("1", id)
	r.awaitState(id, "COMPLETED")
}

func TestSubmittersAtTheSameTime(t *testing.T) {
	r := newRun(t)
	const each = 10
	ids := make(chan string, 4*each)
	for n := range 4 {
		e := r.again()
		go func() {
			for i := range each {
				s := r.submission(fmt.Sprint("job-", n, "-", i), "true")
				id, err := e.Submit(context.Background(), s)
				if err != nil {
					t.Error(err)
				}
				ids <- id
			}
		}()
	}
	seen := map[string]bool{}
	for range 4 * each {
		id := <-ids
		if seen[id] {
			t.Errorf("id %s was given twice", id)
		}
		seen[id] = true
	}
	for id := range seen {
		r.awaitState(id, "COMPLETED")
	}
}

func TestIDsAreGivenOnce(t *testing.T) {
	r := newRun(t)
	const each = 100
	ids := make(chan string)
	for range 4 {
		go func() {
			for range each {
				id, err := r.folder.reserve()
				if err != nil {
					t.Error(err)
				}
				ids <- id
			}
		}()
	}
	seen := map[string]bool{}
	for range 4 * each {
		id := <-ids
		if seen[id] {
			t.Fatalf("id %s was given twice", id)
		}
		seen[id] = true
	}
}

func TestSchedulerThatCannotStart(t *testing.T) {
	r := newRun(t)
	id := r.submit("a", "true", held)
	for want, argv := range map[string][]string{
		"exit status 3": {"sh", "-c", "exit 3"},
		"no program":    nil,
		"not found":     {"no-such-program"},
	} {
		e := New(r.dir, Options{Serve: argv})
		if err := e.Release(context.Background(), id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if err := Serve(context.Background(), "/dev/null/x"); err == nil {
		t.Error("served in a folder that cannot be")
	}
}

func TestOnlyOneSchedulerServes(t *testing.T) {
	r := newRun(t)
	id := r.submit("a", "until [ -e go ]; do sleep 0.01; done")
	first := r.scheduler()
	if p, err := readProcess(first); err != nil || p.session != first {
		t.Errorf("the scheduler is not in a session of its own: %+v, %v", p, err)
	}
	out, err := exec.Command(os.Args[0], "schedule", r.dir).CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte(strconv.Itoa(first))) {
		t.Errorf("a second scheduler: %v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(r.home, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.awaitState(id, "COMPLETED")
}

func TestDamagedStateIsAnError(t *testing.T) {
	r := newRun(t)
	id := r.submit("a", "true", held)
	for _, text := range []string{"", "{", `{"version":2}`} {
		if err := os.WriteFile(r.folder.state(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if q, err := r.Queue(context.Background()); err == nil {
			t.Errorf("state %q: %+v", text, q)
		}
		if err := r.Release(context.Background(), id); err == nil {
			t.Errorf("state %q: released", text)
		}
	}
	if err := os.Remove(r.folder.state()); err != nil {
		t.Fatal(err)
	}
}
