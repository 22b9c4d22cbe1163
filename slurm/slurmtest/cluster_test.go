package slurmtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/slurm/slurmtest"
)

func await(t *testing.T, what string, there func() bool) {
	t.Helper()
	for deadline := time.Now().Add(90 * time.Second); !there(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// alive reports whether the process runs; a zombie does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	return !strings.Contains(string(stat[strings.LastIndexByte(string(stat), ')'):]), " Z ")
}

// A job's processes end with the cluster, and so do those that hid from it: in
// a session of their own, without its environment.
func TestCloseLeavesNoProcess(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("/tmp", "private-slurm-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	c, err := slurmtest.New(dir, slurmtest.Config{Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	pids := filepath.Join(t.TempDir(), "pids")
	script := filepath.Join(t.TempDir(), "job.sh")
	text := "#!/bin/bash\nenv -i setsid sleep 600 &\nsleep 600 &\necho $$ $(jobs -p) > " + pids + "\nwait\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Run("sbatch", "--output=/dev/null", script); err != nil {
		t.Fatal(err)
	}
	var started []int
	await(t, "the job", func() bool {
		data, _ := os.ReadFile(pids)
		started = nil
		for field := range strings.FieldsSeq(string(data)) {
			if pid, err := strconv.Atoi(field); err == nil {
				started = append(started, pid)
			}
		}
		return len(started) == 3
	})
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for _, pid := range started {
		if alive(pid) {
			t.Errorf("process %d of the job outlived the cluster", pid)
		}
	}
	daemons, _ := filepath.Glob(filepath.Join(dir, "*.pid"))
	if len(daemons) < 3 {
		t.Errorf("only %v left their numbers", daemons)
	}
	for _, file := range daemons {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err != nil || alive(pid) {
			t.Errorf("%s: process %d outlived the cluster (%v)", filepath.Base(file), pid, err)
		}
	}
}

func TestNodeFailure(t *testing.T) {
	t.Parallel()
	c := slurmtest.Start(t, slurmtest.Nodes(2))
	state := func() string {
		out, err := c.Run("sinfo", "--noheader", "--nodes=n2", "--format=%T")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(out)[0]
	}
	if got := state(); got != "idle" {
		t.Fatalf("the node is %s at first", got)
	}
	if err := c.KillNode(2); err != nil {
		t.Fatal(err)
	}
	await(t, "the node to be down", func() bool { return strings.HasPrefix(state(), "down") })
	if err := c.StartNode(2); err != nil {
		t.Fatal(err)
	}
	await(t, "the node to be back", func() bool { return state() == "idle" })
	if c.KillNode(3) == nil || c.KillNode(0) == nil {
		t.Error("a node that is not there was killed")
	}
}

func TestGPUs(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can make the device files")
	}
	c := slurmtest.Start(t, slurmtest.Nodes(1))
	out, err := c.Run("srun", "--gres=gpu:2", "bash", "-c", "echo $CUDA_VISIBLE_DEVICES")
	if err != nil || out != "0,1\n" {
		t.Errorf("a step with two GPUs sees %q (%v)", out, err)
	}
}

// With control groups, as at real sites, a job ends with all its processes.
func TestCgroup(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/sys/fs/cgroup/freezer"); err != nil || os.Geteuid() != 0 {
		t.Skip("there are no control groups of version 1 here, or not for this user")
	}
	c := slurmtest.Start(t, slurmtest.Nodes(1), slurmtest.Cgroup())
	out, err := c.Run("srun", "bash", "-c", "env -i setsid sleep 600 & echo $!")
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the daemon's end", func() bool { return !alive(pid) })
}
