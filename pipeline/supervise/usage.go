package supervise

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/runpipe/runpipe/pipeline/record"
)

// rusage is what ended processes have used, by getrusage(2).
type rusage struct {
	cpu  time.Duration
	peak int64 // bytes, of the largest
}

// count adds a process that was waited for. Its numbers hold those of the
// children that it waited for itself. A process that Go has started has at least
// the memory of this one, which it shared for a moment.
func (g *group) count(u unix.Rusage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.used.cpu += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	g.used.peak = max(g.used.peak, u.Maxrss*1024) // Linux counts in KiB
}

// usage is what the ended processes of the group have used.
func (g *group) usage() *record.Usage {
	g.mu.Lock()
	defer g.mu.Unlock()
	seconds, peak := g.used.cpu.Seconds(), g.used.peak
	return &record.Usage{CPU: &seconds, PeakMemory: &peak}
}

// recordUse takes down what the command has used, and the modules that it had.
// What srun starts are no children of ours: only the job's control group knows.
func (j *job) recordUse(g *group, s *sampler) {
	used := &record.Usage{}
	switch {
	case j.manifest.Launcher == "srun" && j.manifest.Executor != "local":
		used = groupUsage("/proc/self/cgroup", "/sys/fs/cgroup")
	case g != nil:
		used = g.usage()
	}
	modules := j.loadedModules()
	j.recorder.change(func(r *record.Record) {
		r.GPUs, r.Usage, r.Modules = s.gpus(), used, modules
		if r.Machine != nil {
			r.Machine.CUDA = s.version()
		}
	})
}

// groupUsage reads the counters of the job's own control group of version 2:
// those of a group that others share would tell of others too.
func groupUsage(self, mounted string) *record.Usage {
	used := &record.Usage{}
	data, _ := os.ReadFile(self)
	for line := range strings.Lines(string(data)) {
		path, unified := strings.CutPrefix(strings.TrimSpace(line), "0::")
		i := strings.Index(path, "/job_")
		if !unified || i < 0 {
			continue
		}
		if end := strings.IndexByte(path[i+1:], '/'); end >= 0 {
			path = path[:i+1+end]
		}
		if peak, ok := readNumber(filepath.Join(mounted, path, "memory.peak"), ""); ok {
			used.PeakMemory = &peak
		}
		if micros, ok := readNumber(filepath.Join(mounted, path, "cpu.stat"), "usage_usec "); ok {
			seconds := float64(micros) / 1e6
			used.CPU = &seconds
		}
	}
	return used
}

// readNumber is the number in a file, after prefix at the beginning of a line and
// before any unit.
func readNumber(path, prefix string) (int64, bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(data)) {
		if text, ok := strings.CutPrefix(line, prefix); ok {
			digits, _, _ := strings.Cut(strings.TrimSpace(text), " ")
			n, err := strconv.ParseInt(digits, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
