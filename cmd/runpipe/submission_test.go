package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// Without --kill-on-invalid-dep the failing job cancels what can no longer run,
// with nothing of runpipe on the login node.
func TestTheFailingJobCancelsItsDependents(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		p.write("fails.hcl", `
stage "a" {
  script = "exit 7"
  resources { time = "1m" }
}
stage "b" {
  after   = [stage.a]
  command = ["true"]
  resources { time = "1m" }
}
stage "c" {
  after   = [stage.b]
  command = ["true"]
  resources { time = "1m" }
}
`)
		p.gets(0, "runpipe", "apply", "--detach", "--kill-on-invalid-dep", "no", "fails.hcl")
		p.nothingQueued() // nobody looks with runpipe
		await(t, "the run to end", func() bool { st, _ := p.status(""); return st.State.Ended() })
		_, stages := p.status("")
		for _, address := range []string{"stage.b", "stage.c"} {
			if s := stages[address]; s.State != run.Skipped || !strings.Contains(s.Reason, "stage.a failed (exit 7") {
				t.Errorf("%s is %s %s", address, s.State, s.Reason)
			}
		}
	})
}

// So does a job that Slurm ends, while there is time; one that is requeued leaves
// what depends on it alone.
func TestAJobThatIsEndedCancelsItsDependents(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := slurmtest.Start(t)
	for name, end := range map[string]func(b *bad, job string){
		"scancel": func(b *bad, job string) { b.slurm("scancel", job) },
		"time limit": func(b *bad, job string) {
			b.slurm("scontrol", "update", "jobid="+job, "timelimit=1")
			time.Sleep(40 * time.Second) // the shortest limit is a minute
		},
		"by itself": func(b *bad, _ string) { b.must(syscall.Kill(b.supervisor(b.starts("head")[0]), syscall.SIGTERM)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newPerson(t, c).begin("head", "", "--kill-on-invalid-dep", "no")
			end(b, b.stage("head").Job)
			await(b, "its dependents to be cancelled", func() bool { // nobody looks with runpipe
				return !strings.Contains(b.slurm("squeue", "--noheader", "--states=PENDING", "--format=%k"), b.id)
			})
			b.is("middle", run.Skipped, 0, "because stage.head ")
			b.is("tail", run.Skipped, 0, "because stage.head ")
		})
	}
	t.Run("requeue", func(t *testing.T) {
		t.Parallel()
		b := newPerson(t, c).begin("head", "", "--kill-on-invalid-dep", "no")
		b.slurm("scontrol", "requeue", b.stage("head").Job)
		b.awaitStarts("head", 2)
		b.open()
		b.gets(0, "runpipe", "watch", b.id)
		b.is("head", run.Succeeded, 2)
		b.is("middle", run.Succeeded, 1)
		b.is("tail", run.Succeeded, 1)
	})
}

// What a job leaves that was killed with its supervisor, a watcher clears away as soon
// as it is known, whatever else still runs.
func TestAWatcherCancelsWhatIsAbandoned(t *testing.T) {
	p := newPerson(t, slurmtest.Shared(t))
	b := &bad{person: p, marks: filepath.Join(p.dir, "marks")}
	p.write("chain.hcl", gatedChain(b.marks, "head", "")+"stage \"other\" {\n  script = \"until [ -e "+b.marks+"-other-gate ]; do sleep 0.05; done\"\n  resources { time = \"5m\" }\n}\n")
	p.gets(0, "runpipe", "apply", "--detach", "--kill-on-invalid-dep", "no", "chain.hcl")
	b.awaitStarts("head", 1)
	st, _ := p.status("")
	b.id = st.Run
	watch := p.command("runpipe", "watch", b.id)
	p.must(watch.Start())
	p.must(syscall.Kill(b.supervisor(b.starts("head")[0]), syscall.SIGKILL))
	await(t, "the dependents to be cancelled", func() bool {
		return !strings.Contains(b.slurm("squeue", "--noheader", "--states=PENDING", "--format=%k"), b.id)
	})
	if s := b.stage("other"); s.State != run.Running {
		t.Errorf("other is %s %s, want it to run", s.State, s.Reason)
	}
	p.must(os.WriteFile(b.marks+"-other-gate", nil, 0o600))
	_ = watch.Wait() // its exit status is looked at
	if code := watch.ProcessState.ExitCode(); code != 3 {
		t.Errorf("watch: exit status %d, want 3", code)
	}
	b.is("middle", run.Skipped, 0, "because stage.head failed")
}

// twoStages is a pipeline whose first stage runs until the gate is there.
func twoStages(gate string) string {
	return `
variable "lr" {
  type    = number
  default = 1
}
stage "first" {
  script = "echo ran >> ` + gate + `-first; until [ -e ` + gate + ` ]; do sleep 0.05; done"
  resources { time = "5m" }
}
stage "second" {
  after   = [stage.first]
  command = ["sh", "-c", "echo $0 >> ` + gate + `-second", var.lr]
  resources { time = "5m" }
}
`
}

// A second apply of an equal plan follows the first; one with another variable
// or another name is a run of its own.
func TestASecondApplyAttaches(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		gate := filepath.Join(t.TempDir(), "gate")
		p.write("g.hcl", twoStages(gate))
		first := strings.TrimSpace(p.gets(0, "runpipe", "apply", "--detach", "g.hcl").stdout)
		first = first[strings.LastIndex(first, "\n")+1:]
		again := p.gets(0, "runpipe", "apply", "--detach", "g.hcl")
		p.has(again.stdout, first)
		p.has(again.stderr, "Run "+first+" of an equal plan is going on")
		for _, words := range [][]string{{"--var", "lr=2"}, {"--name", "other"}} {
			other := p.gets(0, append([]string{"runpipe", "apply", "--detach", "g.hcl"}, words...)...)
			if strings.Contains(other.stdout, first) {
				t.Errorf("%v attached to %s:\n%s", words, first, other.stdout)
			}
		}
		attached := p.command("runpipe", "apply", "g.hcl")
		p.must(attached.Start())
		p.must(os.WriteFile(gate, nil, 0o600))
		p.must(attached.Wait())
		st, _ := p.status(first)
		if st.State != run.Succeeded {
			t.Errorf("the run is %s", st.State)
		}
		ids, _ := filepath.Glob(filepath.Join(p.dir, ".runpipe/runs/2*"))
		if len(ids) != 3 {
			t.Errorf("%d runs, want 3", len(ids))
		}
		for _, id := range ids {
			await(t, id+" to end", func() bool { st, _ := p.status(filepath.Base(id)); return st.State.Ended() })
		}
		p.nothingQueued()
	})
}

// Two applies at the same time make one run.
func TestTwoAppliesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		marks := filepath.Join(p.dir, "marks")
		p.write("two.hcl", threeStages(marks))
		one, two := p.command("runpipe", "apply", "two.hcl"), p.command("runpipe", "apply", "two.hcl")
		p.must(one.Start())
		p.must(two.Start())
		p.must(one.Wait())
		p.must(two.Wait())
		for _, name := range []string{"a", "b", "c"} {
			if ran := p.read(marks + "-" + name); ran != "ran\n" {
				t.Errorf("stage.%s left %q, want one line", name, ran)
			}
		}
	})
}

// Cancelling a run whose submitter died leaves nothing of it, and may be repeated;
// the next apply starts a new one.
func TestCancelOfAnAbandonedSubmission(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		tr := p.trial(1, "submit stage.c")
		tr.start("die "+p.stepNumber("submit stage.c"), "apply", tr.file)
		if tr.wait() != -1 {
			t.Fatalf("apply was not killed:\n%s", tr.out)
		}
		st, stages := p.status("")
		if st.State != run.Running || !strings.Contains(stages["stage.c"].Reason, "runpipe resume "+st.Run) {
			t.Errorf("the run is %s, stage.c %s %s", st.State, stages["stage.c"].State, stages["stage.c"].Reason)
		}
		var c view.Cancellation
		p.must(json.Unmarshal([]byte(p.gets(0, "runpipe", "cancel", "--json").stdout), &c))
		if want := []string{"stage.a", "stage.b", "stage.c"}; c.Version != 1 || c.Run != st.Run || !slices.Equal(c.Cancelled, want) {
			t.Errorf("cancel --json says %+v, want %v of %s", c, want, st.Run)
		}
		p.nothingQueued()
		p.has(p.gets(0, "runpipe", "cancel").stdout, "Nothing to cancel")
		if st, _ := p.status(""); st.State != run.Cancelled {
			t.Errorf("the run is %s", st.State)
		}
		p.gets(0, "runpipe", "apply", tr.file)
		p.whole()
	})
}

// stepNumber finds a step by its name.
func (p *person) stepNumber(name string) string {
	p.Helper()
	for i, step := range p.steps() {
		if step == name {
			return strconv.Itoa(i + 1)
		}
	}
	p.Fatalf("a submission has no step %q", name)
	return ""
}

// A submitter that lives is waited for, and its lock stays; a dead one's is taken
// over; one on another machine needs unlock.
func TestUnlock(t *testing.T) {
	p := newPerson(t, nil)
	tr := p.trial(1, "submit stage.b")
	meet := filepath.Join(t.TempDir(), "meet")
	tr.start("meet "+p.stepNumber("submit stage.b")+" "+meet, "apply", tr.file)
	await(t, "apply to come to its step", func() bool { return exists(meet + ".here") })
	id := tr.run()
	p.has(p.gets(1, "runpipe", "unlock", id).stderr, "is being submitted by")
	p.must(tr.cmd.Process.Kill())
	tr.wait()
	lock := filepath.Join(".runpipe/runs", id, "lock")
	host, err := os.Hostname()
	p.must(err)
	elsewhere := strings.ReplaceAll(p.read(lock), `"`+host+`"`, `"login9"`)
	elsewhere = strings.Replace(elsewhere, `"boot": "`, `"boot": "x`, 1)
	p.write(lock, elsewhere)
	p.has(p.gets(0, "runpipe", "unlock", id).stdout, "@login9 (process ")
	p.write(lock, elsewhere)
	p.has(p.gets(0, "runpipe", "unlock", "--json", id).stdout, `"removed": true`, `"host": "login9"`, id)
	p.has(p.gets(0, "runpipe", "unlock", "--json", id).stdout, `"removed": false`, `"holder": null`)
	p.has(p.gets(0, "runpipe", "unlock", id).stdout, "is not locked")
	p.gets(0, "runpipe", "resume", id)
	p.whole()
}

// One squeue a poll, none for a finished run, and no other question at all.
func TestWhatWatchingCosts(t *testing.T) {
	p := newPerson(t, slurmtest.Shared(t))
	calls := filepath.Join(p.dir, "calls")
	bin := p.wrapped(calls, "sbatch", "squeue", "sacct", "scontrol", "scancel")
	for i, entry := range p.environ {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok {
			p.environ[i] = "PATH=" + bin + ":" + path
		}
	}
	count := func() map[string]int {
		n := map[string]int{}
		data, _ := os.ReadFile(calls)
		for line := range strings.Lines(string(data)) {
			n[strings.TrimSpace(line)]++
		}
		return n
	}
	var b strings.Builder
	for _, name := range strings.Fields("a b c d e f g h") {
		b.WriteString("stage \"" + name + "\" {\n  command = [\"sleep\", \"4\"]\n  resources { time = \"1m\" }\n}\n")
	}
	p.write("many.hcl", b.String())
	began := time.Now()
	p.gets(0, "runpipe", "apply", "many.hcl")
	lasted := time.Since(began)
	n := count()
	// One to make sure of the chain, and one a second at most.
	if most := 2 + int(lasted/time.Second); n["squeue"] > most || n["sbatch"] != 8 || n["scancel"] != 0 || n["sacct"] > 1 {
		t.Errorf("in %s: %v, want at most %d squeue, 8 sbatch, 1 sacct", lasted, n, most)
	}
	t.Logf("8 stages, %s: %v", lasted.Round(time.Second), n)
	p.must(os.Remove(calls))
	p.status("")
	p.gets(0, "runpipe", "watch")
	if n := count(); len(n) != 0 {
		t.Errorf("looking at a finished run: %v, want nothing", n)
	}
	p.gets(0, "runpipe", "cancel")
	if n := count(); len(n) != 1 || n["squeue"] != 1 { // for what a killed controller may have wait still
		t.Errorf("cancelling a finished run: %v, want one squeue", n)
	}
}

// wrapped makes a folder of commands that note their calls (but those that only
// ask whether a job would be taken) and then are the real ones.
func (p *person) wrapped(calls string, names ...string) string {
	p.Helper()
	dir := p.TempDir()
	for _, name := range names {
		real := p.gets(0, "sh", "-c", "command -v "+name+" || true").stdout
		if real = strings.TrimSpace(real); real == "" {
			continue
		}
		script := "#!/bin/sh\ncase \"$*\" in *--test-only*) ;; *) echo " + name + " >> " + calls + ";; esac\nexec " + real + " \"$@\"\n"
		p.must(os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	}
	return dir
}
