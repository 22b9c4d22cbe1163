package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

// The test binary is also the scheduler, as runpipe is.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "schedule" {
		if err := Serve(context.Background(), os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// run is one run's executor with the jobs submitted to it.
type run struct {
	*testing.T
	*Executor
	dir  string // of the executor
	home string // where scripts and logs go, and jobs start
}

// newRun returns the executor of a new run. Whatever its jobs do, their
// scheduler ends with the test.
func newRun(t *testing.T) *run {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir()) // GPU locks of its own
	return anotherRun(t)
}

// anotherRun is a run that shares the machine with an earlier one of the test.
func anotherRun(t *testing.T) *run {
	t.Helper()
	r := &run{T: t, dir: filepath.Join(t.TempDir(), "local"), home: t.TempDir()}
	r.Executor = r.again()
	t.Cleanup(func() {
		if st, life, _ := r.folder.readLiveState(); life == alive {
			r.signal(st.Scheduler.PID, "-TERM")
			r.awaitGone()
		}
		if t.Failed() {
			log, _ := os.ReadFile(r.folder.log())
			t.Logf("%s:\n%s", r.folder.log(), log)
		}
	})
	return r
}

// again is a second submitter of the same run.
func (r *run) again() *Executor {
	return New(r.dir, Options{
		Serve:    []string{os.Args[0], "schedule", r.dir},
		KillWait: 30 * time.Second, // no trap takes that long
	})
}

// submission makes a job that runs script.
func (r *run) submission(name, script string) slurm.Submission {
	r.Helper()
	path := filepath.Join(r.home, name+".sh")
	if err := os.WriteFile(path, []byte("#!/bin/bash\n"+script+"\n"), 0o600); err != nil {
		r.Fatal(err)
	}
	return slurm.Submission{Path: path, Job: slurm.Job{
		Name: name, Comment: "token:" + name, Dir: r.home, Log: r.log(name),
	}}
}

func (r *run) log(name string) string { return filepath.Join(r.home, "logs", name, "log") }

func (r *run) read(path string) string {
	r.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		r.Fatal(err)
	}
	return string(data)
}

// submit submits a job that runs script.
func (r *run) submit(name, script string, change ...func(*slurm.Submission)) string {
	r.Helper()
	s := r.submission(name, script)
	for _, f := range change {
		f(&s)
	}
	id, err := r.Submit(context.Background(), s)
	if err != nil {
		r.Fatal(err)
	}
	return id
}

func held(s *slurm.Submission) { s.Hold = true }

func after(ids ...string) func(*slurm.Submission) {
	return func(s *slurm.Submission) { s.After = ids }
}

func (r *run) release(ids ...string) {
	r.Helper()
	if err := r.Release(context.Background(), ids...); err != nil {
		r.Fatal(err)
	}
}

func (r *run) cancel(ids ...string) {
	r.Helper()
	if err := r.Cancel(context.Background(), ids...); err != nil {
		r.Fatal(err)
	}
}

func (r *run) queue() map[string]slurm.QueuedJob {
	r.Helper()
	list, err := r.Queue(context.Background())
	if err != nil {
		r.Fatal(err)
	}
	byID := map[string]slurm.QueuedJob{}
	for _, j := range list {
		byID[j.ID] = j
	}
	return byID
}

// await waits until done holds, and fails the test if that takes for ever.
func (r *run) await(what string, done func() bool) {
	r.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.Fatalf("never came: %s; queue: %+v", what, r.queue())
		}
	}
}

func (r *run) awaitState(id string, state slurm.State) slurm.QueuedJob {
	r.Helper()
	r.await(fmt.Sprintf("job %s %s", id, state), func() bool {
		now := r.queue()[id].State
		if now.Phase() == slurm.Ended && now != state {
			r.Fatalf("job %s is %s, want %s: %+v", id, now, state, r.queue()[id])
		}
		return now == state
	})
	return r.queue()[id]
}

// awaitGone waits until the run has no scheduler any more.
func (r *run) awaitGone() {
	r.Helper()
	r.await("the scheduler's end", func() bool {
		_, life, err := r.folder.readLiveState()
		return err == nil && life != alive
	})
}

func (r *run) awaitFile(name string) string {
	r.Helper()
	path := filepath.Join(r.home, name)
	r.await("file "+name, func() bool {
		data, err := os.ReadFile(path)
		return err == nil && strings.HasSuffix(string(data), "\n")
	})
	return strings.TrimSpace(r.read(path))
}

func (r *run) scheduler() int {
	r.Helper()
	st, life, err := r.folder.readLiveState()
	if err != nil || life != alive {
		r.Fatalf("no scheduler lives: %v", err)
	}
	return st.Scheduler.PID
}

func (r *run) signal(pid int, signal string) {
	if out, err := exec.Command("kill", signal, fmt.Sprint(pid)).CombinedOutput(); err != nil {
		r.Fatalf("kill %s %d: %v: %s", signal, pid, err, out)
	}
}

// wantNoProcess fails if a process of any of the run's jobs is left.
func (r *run) wantNoProcess() {
	r.Helper()
	l, _, err := r.review()
	if err != nil {
		r.Fatal(err)
	}
	found := marked()
	for _, j := range l.jobs {
		if left := found[j.Token]; len(left) > 0 {
			r.Errorf("of job %s (%s) are left: %+v", j.id, j.Name, left)
		}
	}
}
