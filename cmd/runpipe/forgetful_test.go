package main

import (
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// forgotten waits until the controller knows nothing of a job any more.
func (b *bad) forgotten(job string) {
	b.Helper()
	await(b, "job "+job+" to be forgotten", func() bool {
		return !strings.Contains(" "+strings.Join(strings.Fields(b.slurm("squeue", "--noheader", "--states=all", "--format=%i")), " ")+" ", " "+job+" ")
	})
}

// A controller that forgets a job two seconds after its end, loses a node, and is
// away for a while.
func TestForgetfulController(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := slurmtest.Start(t, slurmtest.Nodes(3), slurmtest.MinJobAge(2))
	const reliable = `nodelist = "n3"`
	t.Run("together", func(t *testing.T) {
		t.Run("upstreams_forgotten", func(t *testing.T) {
			t.Parallel()
			b := newPerson(t, c).begin("tail", reliable)
			_, stages := b.status(b.id)
			b.forgotten(stages["stage.head"].Job)
			b.forgotten(stages["stage.middle"].Job)
			b.is("head", run.Succeeded, 1)
			b.is("tail", run.Running, 1)
			b.open()
			b.gets(0, "runpipe", "watch", b.id)
			b.forgotten(stages["stage.tail"].Job)
			for _, name := range []string{"head", "middle", "tail"} {
				b.is(name, run.Succeeded, 1)
			}
			b.whole()
		})
		// A job that leaves no record, and that Slurm forgets: who looked in time
		// has noted what became of it.
		t.Run("failure_forgotten", func(t *testing.T) {
			t.Parallel()
			b := newPerson(t, c).begin("head", reliable)
			watch := b.command("runpipe", "watch", b.id)
			b.must(watch.Start())
			b.must(syscall.Kill(b.supervisor(b.starts("head")[0]), syscall.SIGKILL))
			_ = watch.Wait() // its exit status is looked at
			if code := watch.ProcessState.ExitCode(); code != 3 {
				t.Errorf("watch: exit status %d, want 3", code)
			}
			_, stages := b.status(b.id)
			for _, name := range []string{"head", "middle", "tail"} {
				b.forgotten(stages["stage."+name].Job)
			}
			b.is("head", run.Failed, 1)
			b.is("middle", run.Skipped, 0, "because stage.head failed")
			b.is("tail", run.Skipped, 0, "because stage.head failed")
			b.nothingQueued()
		})
		t.Run("node_killed", func(t *testing.T) {
			t.Parallel()
			b := newPerson(t, c).begin("head", `exclude = "n3"`)
			first := b.stage("head").Node
			n, err := strconv.Atoi(strings.TrimPrefix(first, "n"))
			b.must(err)
			b.must(c.KillNode(n))
			b.awaitStarts("head", 2)
			// The start on the lost node goes on, as one whose network is gone.
			b.awaitState("head", run.Running)
			if s := b.stage("head"); s.Node == first || s.Attempts != 2 {
				t.Errorf("head runs on %s as attempt %d, want another node than %s, and 2", s.Node, s.Attempts, first)
			}
			b.is("middle", run.Waiting, 0, "for stage.head")
			b.open()
			b.gets(0, "runpipe", "watch", b.id)
			b.is("head", run.Succeeded, 2)
			b.is("middle", run.Succeeded, 1)
			b.is("tail", run.Succeeded, 1)
			b.must(c.StartNode(n))
			b.whole()
		})
	})
	t.Run("away", func(t *testing.T) {
		b := newPerson(t, c).begin("middle", reliable)
		watch := b.command("runpipe", "watch", b.id)
		b.must(watch.Start())
		b.slurm("scontrol", "shutdown", "slurmctld") // it saves its state; one that is killed may lose the chain
		await(t, "slurmctld to end", func() bool { _, err := c.Run("scontrol", "ping"); return err != nil })
		st, stages := b.status(b.id)
		if st.Stale == "" || st.State != run.Running {
			t.Errorf("without a controller the run is %s, %q", st.State, st.Stale)
		}
		b.has(st.Stale, "Unable to contact slurm controller")
		if s := stages["stage.middle"]; s.State != run.Running {
			t.Errorf("without a controller middle is %s %s, want running as its record says", s.State, s.Reason)
		}
		b.open() // it ends while nobody is there to be told
		b.must(c.RestartController())
		b.must(watch.Wait())
		for _, name := range []string{"head", "middle", "tail"} {
			b.is(name, run.Succeeded, 1)
		}
		b.whole()
	})
}
