package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// gatedChain is a pipeline of three stages in a row: head, middle and tail. Each
// leaves a line in marks-NAME when it starts, with its process; the one that is
// gated then waits for the file marks-gate.
func gatedChain(marks, gated, directives string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "defaults {\n  slurm {\n    %s\n  }\n}\n", directives)
	after := ""
	for _, name := range []string{"head", "middle", "tail"} {
		wait := ""
		if name == gated {
			wait = "; until [ -e " + marks + "-gate ]; do sleep 0.05; done"
		}
		fmt.Fprintf(&b, "stage %q {\n%s  script = \"echo $$ >> %s-%s; echo this is a start%s\"\n  resources { time = \"5m\" }\n}\n", name, after, marks, name, wait)
		after = "  after = [stage." + name + "]\n"
	}
	return b.String()
}

// bad is a run of such a chain that something is done to.
type bad struct {
	*person
	id, marks string
}

// begin starts the chain, and waits until the gated stage runs.
func (p *person) begin(gated, directives string, flags ...string) *bad {
	p.Helper()
	b := &bad{person: p, marks: filepath.Join(p.dir, "marks")}
	p.write("chain.hcl", gatedChain(b.marks, gated, directives))
	p.gets(0, append([]string{"runpipe", "apply", "--detach", "chain.hcl"}, flags...)...)
	b.awaitStarts(gated, 1)
	st, _ := p.status("")
	b.id = st.Run
	return b
}

// starts are the lines that a stage has left: the processes of its starts.
func (b *bad) starts(name string) []string {
	data, _ := os.ReadFile(b.marks + "-" + name)
	return strings.Fields(string(data))
}

func (b *bad) awaitStarts(name string, n int) {
	b.Helper()
	await(b, fmt.Sprintf("start %d of %s", n, name), func() bool { return len(b.starts(name)) >= n })
}

func (b *bad) open() { b.must(os.WriteFile(b.marks+"-gate", nil, 0o600)) }

func (b *bad) stage(name string) run.StageStatus {
	b.Helper()
	_, stages := b.status(b.id)
	return stages["stage."+name]
}

func (b *bad) awaitState(name string, state run.State) run.StageStatus {
	b.Helper()
	await(b, fmt.Sprintf("%s to be %s", name, state), func() bool { return b.stage(name).State == state })
	return b.stage(name)
}

// scontrol and its like, which must not fail.
func (b *bad) slurm(words ...string) string {
	b.Helper()
	out, err := b.cluster.Run(words...)
	b.must(err)
	return out
}

// is expects a stage to be told as it is, and to have started n times.
func (b *bad) is(name string, state run.State, n int, reasons ...string) {
	b.Helper()
	s := b.stage(name)
	if s.State != state || len(b.starts(name)) != n {
		b.Errorf("%s is %s (%s) after %d starts, want %s after %d", name, s.State, s.Reason, len(b.starts(name)), state, n)
	}
	b.has(s.Reason, reasons...)
}

// supervisor is the process in which runpipe runs a stage, given one of the
// stage's own.
func (b *bad) supervisor(pid string) int {
	b.Helper()
	for n, _ := strconv.Atoi(pid); n > 1; {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", n))
		b.must(err)
		if words := bytes.Split(line, []byte{0}); len(words) > 1 && string(words[1]) == "exec" {
			return n
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n))
		b.must(err)
		n, _ = strconv.Atoi(strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))[1])
	}
	b.Fatalf("process %s is not below a supervisor", pid)
	return 0
}

// scontrol requeue: the same stage and job, one more attempt.
func TestRequeue(t *testing.T) {
	t.Parallel() // it waits most of the time
	b := newPerson(t, slurmtest.Shared(t)).begin("head", "nice = 0")
	before := b.stage("head")
	b.slurm("scontrol", "requeue", before.Job)
	s := b.awaitState("head", run.Queued)
	b.has(s.Reason, "requeued once")
	if s.Attempts != 2 || s.Job != before.Job || s.Started != nil {
		t.Errorf("requeued, it is %+v", s)
	}
	b.is("middle", run.Waiting, 0, "for stage.head")
	b.awaitStarts("head", 2)
	b.awaitState("head", run.Running)
	b.is("middle", run.Waiting, 0, "for stage.head")
	b.open()
	b.gets(0, "runpipe", "watch", b.id)
	b.is("head", run.Succeeded, 2)
	b.is("middle", run.Succeeded, 1)
	b.is("tail", run.Succeeded, 1)
	after := b.stage("head")
	if after.Attempts != 2 || after.Job != before.Job || after.Log != before.Log {
		t.Errorf("at the end it is %+v", after)
	}
	if log := b.read(after.Log); strings.Count(log, "this is a start") != 2 {
		t.Errorf("the log of two starts:\n%s", log)
	}
	var earlier struct{ State, Signal string }
	b.must(json.Unmarshal([]byte(b.read(filepath.Join(filepath.Dir(after.Log), "record-0.json"))), &earlier))
	if earlier.State != "interrupted" || earlier.Signal != "SIGTERM" {
		t.Errorf("the record of the first start says %+v", earlier)
	}
	b.whole()
}

// kill -9 of the batch process itself, which leaves no last record.
func TestKilledJob(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		b := p.begin("head", "nice = 0")
		b.must(syscall.Kill(b.supervisor(b.starts("head")[0]), syscall.SIGKILL))
		b.awaitState("head", run.Failed)
		b.is("middle", run.Skipped, 0, "because stage.head failed")
		b.is("tail", run.Skipped, 0, "because stage.head failed")
		b.nothingQueued()
		t.Logf("told as: %s", b.stage("head").Reason)
		b.open()
		b.gets(0, "runpipe", "apply", "chain.hcl")
		st, _ := b.status("")
		b.id = st.Run
		b.is("head", run.Succeeded, 2)
		b.is("tail", run.Succeeded, 1)
	})
}

// What Slurm does to a job is told as what it is.
func TestEndsBySlurm(t *testing.T) {
	t.Parallel() // it waits most of the time
	for _, end := range []struct {
		name   string
		words  []string // %s is the job
		state  run.State
		reason string
	}{
		{"scancel", []string{"scancel", "%s"}, run.Cancelled, "cancelled (with scancel, or by an administrator)"},
		{"limit", []string{"scontrol", "update", "jobid=%s", "EndTime=now"}, run.Failed, "reached its time limit of 00:05:00: raise resources.time"},
	} {
		t.Run(end.name, func(t *testing.T) {
			t.Parallel()
			b := newPerson(t, slurmtest.Shared(t)).begin("head", "nice = 0")
			job := b.stage("head").Job
			for i, word := range end.words {
				end.words[i] = strings.Replace(word, "%s", job, 1)
			}
			b.slurm(end.words...)
			b.awaitState("head", end.state)
			b.is("head", end.state, 1, end.reason)
			b.is("middle", run.Skipped, 0, "because stage.head")
			b.is("tail", run.Skipped, 0, "because stage.head")
			b.nothingQueued()
		})
	}
}

// Ten who watch the same run, each with a question now and then.
func TestTenWatchers(t *testing.T) {
	t.Parallel() // it waits most of the time
	const watchers = 10
	p := newPerson(t, slurmtest.Shared(t))
	calls := filepath.Join(p.dir, "calls")
	bin := p.wrapped(calls, "squeue", "sacct", "scontrol", "scancel")
	b := p.begin("tail", "nice = 0")
	for i, entry := range p.environ {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok {
			p.environ[i] = "PATH=" + bin + ":" + path
		}
	}
	began, ended := time.Now(), make(chan error, watchers)
	for range watchers {
		watch := p.command("runpipe", "watch", b.id)
		p.must(watch.Start())
		go func() { ended <- watch.Wait() }()
	}
	await(t, "thirty questions", func() bool { data, _ := os.ReadFile(calls); return bytes.Count(data, []byte("squeue")) >= 3*watchers })
	b.open()
	for range watchers {
		if err := <-ended; err != nil {
			t.Errorf("a watcher: %v", err)
		}
	}
	lasted := time.Since(began)
	data := b.read(calls)
	squeues, others := strings.Count(data, "squeue"), strings.Count(data, "\n")-strings.Count(data, "squeue")
	if most := watchers * (2 + int(lasted/time.Second)); squeues > most || others > 0 {
		t.Errorf("%d watchers asked with squeue %d times in %s, and %d other questions; want at most %d, and none", watchers, squeues, lasted, others, most)
	}
	t.Logf("%d watchers, %s: %d squeue", watchers, lasted.Round(time.Second), squeues)
}
