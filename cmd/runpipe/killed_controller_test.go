package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// A controller that is killed has lost what it accepted within the last seconds, and
// gives its ids to the next jobs. Until the chain is let go, that costs nothing.
func TestKilledController(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := slurmtest.Start(t)
	p := newPerson(t, c)
	d := disturbance{
		name:  "SIGKILL of slurmctld for 2 s, before the chain is let go",
		fault: func() error { c.KillController(); return nil }, lasts: 2 * time.Second, repair: c.RestartController,
		until: "note that the chain was released",
	}
	d.hits(t, p)
}

// The job that waits for a lost one may come to the very id that it is to wait for,
// which Slurm refuses: that is no refusal of the stage.
func TestALostUpstream(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := slurmtest.Start(t)
	p := newPerson(t, c)
	n := p.stepNumber("submit stage.b")
	before, err := c.Snapshot()
	p.must(err)
	tr, meet := p.trial(1, "submit stage.b"), filepath.Join(t.TempDir(), "meet")
	tr.start("meet "+n+" "+meet, "apply", tr.file)
	await(t, "apply to come to its step", func() bool { return exists(meet + ".here") })
	p.must(c.ForgetSince(before))
	p.must(os.WriteFile(meet+".go", nil, 0o600))
	var count tally
	tr.judge(&count, tr.wait())
	p.has(tr.out.String(), "The scheduler has lost stage.a", "submitting the whole chain anew")
	p.whole()
	count.log(t, "loss of the upstream's job")
}

// forgetful is a chain whose controller will forget all that comes after a step of
// its submission.
type forgetful struct {
	*bad
	tr       *trial
	snapshot slurmtest.Snapshot
}

// forgetting submits the chain, up to the step, and from there on.
func (p *person) forgetting(step, gated string) *forgetful {
	p.Helper()
	f := &forgetful{bad: &bad{person: p, marks: filepath.Join(p.dir, "marks")}}
	n := p.stepNumber(step)
	f.tr = &trial{person: p, step: step, file: "chain.hcl"}
	p.write(f.tr.file, gatedChain(f.marks, gated, ""))
	meet := filepath.Join(p.TempDir(), "meet")
	f.tr.start("meet "+n+" "+meet, "apply", f.tr.file)
	await(p, "apply to come to "+step, func() bool { return exists(meet + ".here") })
	var err error
	f.snapshot, err = p.cluster.Snapshot()
	p.must(err)
	p.must(os.WriteFile(meet+".go", nil, 0o600))
	f.awaitStarts(gated, 1)
	st, _ := p.status("")
	f.id = st.Run
	return f
}

// A controller that has forgotten that the chain was let go holds a job that has
// run, and has another, that runs, wait. Who let the chain go does so again; what
// has succeeded is not run again.
func TestAReleaseIsForgotten(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := slurmtest.Start(t)
	t.Run("watched", func(t *testing.T) {
		f := newPerson(t, c).forgetting("note that the chain is released", "middle")
		f.must(c.ForgetSince(f.snapshot))
		await(t, "what is held to be let go again", func() bool { // a watcher asks every 30 s, after a while
			return !strings.Contains(f.slurm("squeue", "--noheader", "--states=all", "--format=%r"), "JobHeldUser")
		})
		f.awaitStarts("middle", 2) // Slurm ends a job that it has wait, and starts it when its turn comes
		f.open()
		if code := f.tr.wait(); code != 0 {
			t.Errorf("apply: exit status %d\n%s", code, f.tr.out)
		}
		f.is("head", run.Succeeded, 1)
		f.is("middle", run.Succeeded, 2)
		f.is("tail", run.Succeeded, 1)
		f.whole()
	})
	t.Run("unwatched", func(t *testing.T) {
		f := newPerson(t, c).forgetting("note that the chain is released", "middle")
		f.must(f.tr.cmd.Process.Kill())
		f.tr.wait()
		f.must(c.ForgetSince(f.snapshot))
		await(t, "middle to be told as it is", func() bool { return f.stage("middle").State == run.Queued })
		f.has(f.stage("middle").Reason, "for Slurm, which has forgotten that stage.head has run", "runpipe resume "+f.id)
		f.is("head", run.Succeeded, 1)
		first := f.starts("middle")[0]
		await(t, "Slurm to end the middle job, which it has wait", func() bool { return !exists("/proc/" + first) })
		f.open()
		f.has(f.gets(0, "runpipe", "resume", f.id).stderr, "Letting go of what is held: ")
		f.is("head", run.Succeeded, 1)
		f.is("middle", run.Succeeded, 2)
		f.is("tail", run.Succeeded, 1)
		f.whole()
	})
}

// A run that is over leaves jobs in the queue where the controller has forgotten
// that they have run. They are held, so that nothing runs again; cancel takes them out.
func TestAnEndIsForgotten(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := slurmtest.Start(t)
	f := newPerson(t, c).forgetting("note that the chain is released", "middle")
	f.open()
	if code := f.tr.wait(); code != 0 {
		t.Fatalf("apply: exit status %d\n%s", code, f.tr.out)
	}
	f.must(c.ForgetSince(f.snapshot))
	if queue := f.slurm("squeue", "--noheader", "--format=%T %r"); strings.Count(queue, "PENDING") != 3 {
		t.Fatalf("the controller has\n%s", queue)
	}
	r := f.gets(0, "runpipe", "cancel", f.id)
	f.has(r.stderr, "Cancelling what the scheduler has wait still, though its stage has ended: job")
	f.has(r.stdout, "Nothing to cancel")
	f.whole()
	for _, name := range []string{"head", "middle", "tail"} {
		f.is(name, run.Succeeded, 1)
	}
	if said := f.gets(0, "runpipe", "cancel", f.id).stderr; said != "" {
		t.Errorf("once more: %s", said)
	}
}

// A controller that has lost a chain gives its ids to other jobs: these are neither
// taken for the chain's nor cancelled in their place. The chain is lost after five
// minutes, and the next apply runs what is missing.
func TestAChainIsLost(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := slurmtest.Start(t)
	p := newPerson(t, c)
	f := p.forgetting("submit stage.a", "middle")
	f.must(f.tr.cmd.Process.Kill())
	f.tr.wait()
	f.must(c.ForgetSince(f.snapshot))
	_, lost := f.status(f.id)
	other := newPerson(t, c).begin("head", "")
	_, now := other.status(other.id)
	ids := map[string]bool{}
	for _, s := range now {
		ids[s.Job] = true
	}
	if !ids[lost["stage.middle"].Job] {
		t.Fatalf("the ids %v were not used again: %v", lost, ids)
	}
	await(t, "the absence to be told", func() bool { f.gets(0, "runpipe", "status", f.id); return f.absence("stage.middle") != nil })
	if s := f.stage("middle"); s.State.Ended() {
		t.Errorf("middle is %s %s, want it to be missed for five minutes first", s.State, s.Reason)
	}
	f.missedFor(6 * time.Minute)
	f.is("head", run.Succeeded, 1)
	f.is("middle", run.Lost, 1, "the scheduler has not listed it")
	f.is("tail", run.Skipped, 0, "because stage.middle was lost")
	shown := f.gets(0, "runpipe", "status", f.id).stdout
	f.has(shown, "runpipe apply chain.hcl")
	f.has(f.gets(0, "runpipe", "cancel", f.id).stdout, "Nothing to cancel")
	other.open()
	other.gets(0, "runpipe", "watch", other.id)
	other.is("tail", run.Succeeded, 1)
	f.open()
	f.gets(0, "runpipe", "apply", "chain.hcl")
	if n := len(f.starts("head")); n != 1 {
		t.Errorf("head was started %d times, want once: it had succeeded", n)
	}
	f.whole()
}

// absence is since when the run's notes say that a job is missed, by this host's clock.
func (f *forgetful) absence(address string) *time.Time {
	f.Helper()
	_, stages := f.status(f.id)
	for _, at := range f.observed()[stages[address].Job].First {
		return &at
	}
	return nil
}

// observed is what observed.json says of a job.
type observed struct {
	Ended any                  `json:"ended"`
	First map[string]time.Time `json:"first"`
}

func (f *forgetful) observed() map[string]observed {
	f.Helper()
	var notes struct{ Jobs map[string]observed }
	if exists(filepath.Join(f.dir, f.notes())) {
		f.must(json.Unmarshal([]byte(f.read(f.notes())), &notes))
	}
	return notes.Jobs
}

func (f *forgetful) notes() string { return filepath.Join(".runpipe/runs", f.id, "observed.json") }

// missedFor has the run's notes say that its jobs are missed for so long.
func (f *forgetful) missedFor(d time.Duration) {
	f.Helper()
	text := f.read(f.notes())
	for _, o := range f.observed() {
		for _, at := range o.First {
			if o.Ended == nil {
				text = strings.ReplaceAll(text, at.Format(time.RFC3339Nano), at.Add(-d).Format(time.RFC3339Nano))
			}
		}
	}
	f.write(f.notes(), text)
}
