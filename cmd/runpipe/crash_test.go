package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/runpipe/runpipe/pipeline/run"
)

// kill -9 of the script that a job runs, under its supervisor.
func TestKilledScript(t *testing.T) {
	t.Parallel() // it waits most of the time
	onBoth(t, func(t *testing.T, p *person) {
		b := p.begin("head", "nice = 0")
		pid, err := strconv.Atoi(b.starts("head")[0])
		p.must(err)
		p.must(syscall.Kill(pid, syscall.SIGKILL))
		b.awaitState("head", run.Failed)
		b.is("head", run.Failed, 1, "the command was killed (SIGKILL)")
		b.is("tail", run.Skipped, 0, "because stage.head failed (exit 137 on ")
		b.nothingQueued()
		b.open()
		b.again()
		b.is("head", run.Succeeded, 2)
		b.is("tail", run.Succeeded, 1)
		b.whole()
	})
}

// localScheduler reads who serves the run's jobs on this machine.
func (b *bad) localScheduler() (pid int, state string) {
	b.Helper()
	state = filepath.Join(".runpipe/runs", b.id, "local/state.json")
	var s struct{ Scheduler struct{ PID int } }
	b.must(json.Unmarshal([]byte(b.read(state)), &s))
	return s.Scheduler.PID, state
}

// rewrite changes the local scheduler's identity as its state tells it.
func (b *bad) rewrite(state string, change func(scheduler map[string]any)) {
	b.Helper()
	var s map[string]any
	decoder := json.NewDecoder(strings.NewReader(b.read(state)))
	decoder.UseNumber()
	b.must(decoder.Decode(&s))
	change(s["scheduler"].(map[string]any))
	data, err := json.Marshal(s)
	b.must(err)
	b.write(state, string(data))
}

// The local executor's scheduler dies, its machine is started again, and its pid is
// given to another process: what was running has failed, and is told so; nothing of
// it goes on; the next apply takes up where it was.
func TestLocalCrashes(t *testing.T) {
	t.Parallel() // it waits most of the time
	var count tally
	for _, crash := range []struct {
		name string
		then func(b *bad, state string) // once the scheduler and all of its processes are gone
	}{
		{"scheduler_killed", nil},
		{"machine_restarted", func(b *bad, state string) {
			b.rewrite(state, func(s map[string]any) { s["boot"] = "00000000-0000-0000-0000-000000000000" })
		}},
		{"machine_restarted_and_pid_in_use", func(b *bad, state string) {
			b.rewrite(state, func(s map[string]any) { s["boot"], s["pid"] = "00000000-0000-0000-0000-000000000000", os.Getpid() })
		}},
		{"pid_reused", func(b *bad, state string) {
			b.rewrite(state, func(s map[string]any) { s["pid"] = os.Getpid() })
		}},
	} {
		t.Run(crash.name, func(t *testing.T) {
			p := newPerson(t, nil)
			b := p.begin("middle", "nice = 0")
			count.injected++
			wait := func() (int, string) { return 3, "" }
			pid, state := b.localScheduler()
			if crash.then == nil {
				wait = b.watched()
				p.must(syscall.Kill(pid, syscall.SIGKILL))
			} else {
				for _, one := range []int{pid, b.supervisor(b.starts("middle")[0])} {
					p.must(syscall.Kill(one, syscall.SIGKILL))
				}
				own, err := strconv.Atoi(b.starts("middle")[0])
				p.must(err)
				_ = syscall.Kill(own, syscall.SIGKILL) // it may have gone along
				crash.then(b, state)
			}
			if code, said := wait(); code != 3 {
				count.wrong++
				t.Errorf("the watcher's exit status is %d:\n%s", code, said)
			}
			s := b.awaitState("middle", run.Failed)
			t.Logf("told as: %s", s.Reason)
			b.is("head", run.Succeeded, 1)
			b.is("middle", run.Failed, 1, "the scheduler there, failed")
			b.is("tail", run.Skipped, 0, "because stage.middle failed")
			await(t, "what ran to end", func() bool { return !alive(b.starts("middle")[0]) })
			b.open()
			b.again()
			b.is("head", run.Succeeded, 1)
			b.is("middle", run.Succeeded, 2)
			b.is("tail", run.Succeeded, 1)
			b.whole()
		})
	}
	count.log(t, "crashes of the local executor")
}

// The lock of a submitter whose pid another process has now, or of a boot before
// this one, is taken over without being asked.
func TestLocksOfTheDead(t *testing.T) {
	t.Parallel() // it waits most of the time
	for name, change := range map[string]func(lock map[string]any){
		"pid_reused":        func(lock map[string]any) { lock["pid"] = os.Getpid() },
		"machine_restarted": func(lock map[string]any) { lock["boot"], lock["pid"] = "0", os.Getpid() },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, nil)
			tr := p.trial(1, name)
			tr.start("die "+p.stepNumber("submit stage.b"), "apply", tr.file)
			if tr.wait() != -1 {
				t.Fatalf("apply was not killed:\n%s", tr.out)
			}
			path := filepath.Join(".runpipe/runs", tr.run(), "lock")
			var lock map[string]any
			p.must(json.Unmarshal([]byte(p.read(path)), &lock))
			change(lock)
			data, err := json.Marshal(lock)
			p.must(err)
			p.write(path, string(data))
			var count tally
			tr.start("", "apply", tr.file)
			tr.judge(&count, tr.wait())
			p.whole()
			count.log(t, "lock of a dead submitter, "+name)
		})
	}
}
