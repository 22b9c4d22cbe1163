package supervise

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// memoryWatch notices processes of the job that the kernel killed for lack of
// memory, by the counters of its control groups. Slurm calls such a job
// OUT_OF_MEMORY even if its command goes on to exit 0.
//
// A control group that others share, such as a login session's, can only explain
// a failure; one that is the job's own is proof.
type memoryWatch struct {
	own    bool             // the control groups are those of this job alone
	before map[string]int64 // file with a counter → its value at the start
}

// watchMemory starts to watch the control groups of this process, given
// /proc/self/cgroup and the place where the control groups are mounted. slurm is
// whether Slurm started the job: within an allocation that the local executor
// was started in, all jobs are in the same group of Slurm's.
func watchMemory(self, mounted string, slurm bool) *memoryWatch {
	w := &memoryWatch{own: slurm, before: map[string]int64{}}
	data, _ := os.ReadFile(self)
	for line := range strings.Lines(string(data)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // cgroups(7): id, controllers, path
		if len(parts) != 3 {
			continue
		}
		for _, file := range counters(parts[1], parts[2], mounted) {
			if n, ok := killCount(file); ok {
				w.before[file] = n
			}
		}
	}
	return w
}

// counters are the files that count the kills in one control group. Version 2
// counts those of the groups below it too: there the whole job is watched, with
// the steps that srun starts on this node; in version 1 only the batch step can be.
func counters(controllers, path, mounted string) []string {
	switch {
	case controllers == "":
		if i := strings.Index(path, "/job_"); i >= 0 {
			if end := strings.IndexByte(path[i+1:], '/'); end >= 0 {
				path = path[:i+1+end]
			}
		}
		return []string{filepath.Join(mounted, path, "memory.events"), filepath.Join(mounted, "unified", path, "memory.events")}
	case strings.Contains(","+controllers+",", ",memory,"):
		return []string{filepath.Join(mounted, "memory", path, "memory.oom_control")}
	}
	return nil
}

// killCount reads the oom_kill line of such a file.
func killCount(file string) (int64, bool) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "oom_kill "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// killed reports whether a process was killed since, and whether it was
// certainly one of this job's.
func (w *memoryWatch) killed() (grown, own bool) {
	for file, before := range w.before {
		if n, ok := killCount(file); ok && n > before {
			grown = true
			own = own || w.own && strings.Contains(file, "/job_")
		}
	}
	return grown, own
}
