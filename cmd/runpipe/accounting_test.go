package main

import (
	"syscall"
	"testing"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// Where a site keeps accounting, it tells of jobs that left no record, that the
// controller has forgotten, and that nobody has looked at in time. Of a job that the
// controller has lost it says for ever that it runs, which nobody believes.
func TestAccounting(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := slurmtest.Start(t, slurmtest.Nodes(2), slurmtest.Accounting(), slurmtest.MinJobAge(2))
	t.Run("forgotten", func(t *testing.T) {
		for name, test := range map[string]struct {
			end   func(b *bad, job string)
			state run.State
			says  string
		}{
			"killed": {func(b *bad, _ string) {
				b.must(syscall.Kill(b.supervisor(b.starts("head")[0]), syscall.SIGKILL))
			}, run.Failed, "was ended before it could record how"},
			"cancelled": {func(b *bad, job string) { b.slurm("scancel", job) }, run.Cancelled, "with scancel, or by an administrator"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := newPerson(t, c).begin("head", "")
				job := b.stage("head").Job
				test.end(b, job)
				b.forgotten(job)
				b.awaitState("head", test.state)
				b.is("head", test.state, 1, test.says)
				b.is("middle", run.Skipped, 0, "because stage.head ")
				b.is("tail", run.Skipped, 0, "because stage.head ")
			})
		}
	})
	t.Run("lost", func(t *testing.T) {
		f := newPerson(t, c).forgetting("submit stage.a", "middle")
		f.must(f.tr.cmd.Process.Kill())
		f.tr.wait()
		job := f.stage("middle").Job
		await(t, "the accounting to have heard that the job runs", func() bool {
			return f.slurm("sacct", "--noheader", "--allocations", "--parsable2", "--format=State", "--jobs="+job) == "RUNNING\n"
		})
		f.must(c.ForgetSince(f.snapshot))
		await(t, "the absence to be told", func() bool { return f.absence("stage.middle") != nil })
		if s := f.stage("middle"); s.State.Ended() {
			t.Errorf("middle is %s %s, want it to be missed for five minutes first", s.State, s.Reason)
		}
		f.open()
	})
}
