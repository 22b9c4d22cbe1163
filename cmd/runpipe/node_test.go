package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// A node that goes down under a command: srun may end with 0, which is no success, and
// what the job records is no end either, since Slurm starts the job again. Whoever looks
// in between, having seen nothing of it before, is told so, and takes nothing back.
func TestANodeThatGoesDown(t *testing.T) {
	t.Parallel() // it waits most of the time
	p := newPerson(t, slurmtest.Start(t, slurmtest.Nodes(1), slurmtest.Conf("ReturnToService=0")))
	b := &bad{person: p, marks: filepath.Join(p.dir, "marks")}
	p.write("chain.hcl", fmt.Sprintf(`
stage "head" {
  command = ["bash", "-c", "echo $$ >> %[1]s-head; until [ -e %[1]s-gate ]; do sleep 0.05; done"]
}
stage "tail" {
  after   = [stage.head]
  command = ["bash", "-c", "echo $$ >> %[1]s-tail"]
}
`, b.marks))
	p.gets(0, "runpipe", "apply", "--detach", "chain.hcl")
	b.awaitStarts("head", 1)
	st, _ := p.status("")
	b.id = st.Run
	attempt := filepath.Dir(b.stage("head").Log)

	b.slurm("scontrol", "update", "nodename=n1", "state=down", "reason=test")
	await(t, "the record of the first start's end", func() bool {
		rec, err := record.Read(attempt)
		return err == nil && rec.State != record.Running
	})
	if s := b.stage("head"); s.State.Ended() {
		t.Errorf("while Slurm is about to start it again, head is %s: %s", s.State, s.Reason)
	}
	b.is("tail", run.Waiting, 0, "for stage.head")
	p.has(p.gets(0, "runpipe", "apply", "--detach", "chain.hcl").stderr, "Run "+b.id+" of an equal plan is going on")
	wait := b.watched()
	p.has(b.awaitState("head", run.Queued).Reason, "requeued once")

	b.slurm("scontrol", "update", "nodename=n1", "state=resume")
	b.awaitStarts("head", 2)
	b.open()
	if code, said := wait(); code != 0 {
		t.Errorf("the watcher's exit status is %d:\n%s", code, said)
	}
	b.is("head", run.Succeeded, 2)
	b.is("tail", run.Succeeded, 1)
	b.whole()
}
