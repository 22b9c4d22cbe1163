package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// hog uses more memory than it gets, but no more than this machine can bear.
const hog = "head -c 2G /dev/zero | tail -n 1 > /dev/null"

func hogging(work string) string {
	return fmt.Sprintf(`
train "big" {
  %s
  resources {
    memory = "500M"
    time   = "5m"
  }
}
stage "after" {
  after  = [train.big]
  script = "true"
  resources { time = "1m" }
}
`, work)
}

// outOfMemory expects the newest run to tell of it.
func (p *person) outOfMemory() {
	p.Helper()
	_, stages := p.status("")
	big := stages["train.big"]
	p.Logf("told as: %s", big.Reason)
	if big.State != run.Failed || stages["stage.after"].State != run.Skipped {
		p.Errorf("train.big is %s, stage.after %s", big.State, stages["stage.after"].State)
	}
	p.has(big.Reason, "memory: raise resources.memory")
}

func needMemoryGroups(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(memoryGroups + "/memory.limit_in_bytes"); err != nil || os.Geteuid() != 0 {
		t.Skip("there are no control groups of version 1 for memory here, or not for this user")
	}
}

const memoryGroups = "/sys/fs/cgroup/memory"

// A stage that uses more memory than it asked for is told so, and what to do:
// whether the kernel ends the command or a child of it, in the batch step or in a
// step of srun's, and even if the command then says that all is well.
func TestOutOfMemory(t *testing.T) {
	t.Parallel() // it waits most of the time
	needMemoryGroups(t)
	c := slurmtest.Start(t, slurmtest.Nodes(1), slurmtest.HoldMemory())
	for _, way := range []struct{ name, work string }{
		{"batch", `script = "` + hog + `"`},
		{"batch_that_goes_on", `script = "` + hog + ` || true; exit 0"`},
		{"step", `command = ["bash", "-c", "` + hog + `"]`},
		{"step_that_goes_on", `command = ["bash", "-c", "` + hog + `; exit 0"]`},
	} {
		t.Run(way.name, func(t *testing.T) {
			p := newPerson(t, c)
			p.write("hog.hcl", hogging(way.work))
			p.gets(3, "runpipe", "apply", "hog.hcl")
			p.outOfMemory()
			p.nothingQueued()
		})
	}
}

// The local executor sets no limit, but its machine may be one that has a limit, such
// as a container.
func TestOutOfMemoryOfTheMachine(t *testing.T) {
	t.Parallel() // it waits most of the time
	needMemoryGroups(t)
	p := newPerson(t, nil)
	group, err := os.MkdirTemp(memoryGroups, "runpipe-test-")
	p.must(err)
	t.Cleanup(func() { await(t, "the control group to be left", func() bool { return os.Remove(group) == nil }) })
	p.must(os.WriteFile(filepath.Join(group, "memory.limit_in_bytes"), []byte("1000M"), 0o600))
	p.write("hog.hcl", hogging(`script = "`+hog+`"`))
	p.gets(3, "sh", "-c", "echo $$ > "+filepath.Join(group, "cgroup.procs")+" && exec runpipe apply hog.hcl")
	p.outOfMemory()
}
