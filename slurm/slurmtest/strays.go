package slurmtest

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// killStrays ends what outlives the daemons: Slurm's step daemons, which are
// sessions of their own, and the jobs' processes.
func (c *Cluster) killStrays() error {
	deadline := time.Now().Add(10 * time.Second)
	for {
		strays := c.strays()
		if len(strays) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v of a private Slurm do not end", strays)
		}
		for _, pid := range strays {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may just have ended
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// strays lists the cluster's processes, with all their descendants: a job's
// command may have dropped the variables by which it could be known.
func (c *Cluster) strays() []int {
	table := processes()
	ours := map[int]bool{}
	for pid := range table {
		ours[pid] = pid != os.Getpid() && (c.isDaemon(pid) || c.isJob(pid))
	}
	for again := true; again; {
		again = false
		for pid, parent := range table {
			if ours[parent] && !ours[pid] && pid != os.Getpid() {
				ours[pid], again = true, true
			}
		}
	}
	var pids []int
	for pid, is := range ours {
		if is {
			pids = append(pids, pid)
		}
	}
	return pids
}

// isDaemon knows Slurm's own by their name and folder: they overwrite their
// environment with a title.
func (c *Cluster) isDaemon(pid int) bool {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil || !bytes.HasPrefix(name, []byte("slurm")) {
		return false
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && (cwd == c.Dir || strings.HasPrefix(cwd, c.Dir+"/"))
}

// isJob knows a job's process by its environment. SLURM_CONF alone would not
// do: whoever uses the cluster from a shell has it too.
func (c *Cluster) isJob(pid int) bool {
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return false
	}
	var here, job bool
	for pair := range bytes.SplitSeq(environ, []byte{0}) {
		here = here || string(pair) == "SLURM_CONF="+c.file("slurm.conf")
		job = job || bytes.HasPrefix(pair, []byte("SLURM_JOB_ID="))
	}
	return here && job
}

// processes maps every living process to its parent.
func processes() map[int]int {
	table := map[int]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		// "pid (name) state parent …", and the name may hold anything: proc_pid_stat(5)
		fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil || len(fields) < 2 || fields[0] == "Z" {
			continue
		}
		if parent, err := strconv.Atoi(fields[1]); err == nil {
			table[pid] = parent
		}
	}
	return table
}

// removeCgroups removes the control groups that slurmd leaves. Those that
// another cluster uses, with nodes of the same name, are not empty and stay.
func (c *Cluster) removeCgroups() {
	for n := 1; c.config.Cgroup && n <= c.config.Nodes; n++ {
		groups, _ := filepath.Glob("/sys/fs/cgroup/*/slurm_" + nodeName(n)) // the pattern is well formed
		for _, top := range groups {
			var folders []string
			_ = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					folders = append(folders, path)
				}
				return nil
			})
			for _, folder := range slices.Backward(folders) {
				_ = os.Remove(folder)
			}
		}
	}
}
