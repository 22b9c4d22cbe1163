package local

import (
	"context"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Machine is what this process may use of the machine at hand.
type Machine struct {
	CPUs   int    `json:"cpus"`             // at least 1
	Memory int64  `json:"memory,omitempty"` // bytes; 0 if unknown
	GPUs   []GPU  `json:"gpus,omitempty"`   // in nvidia-smi's order
	Fault  string `json:"fault,omitempty"`  // why nvidia-smi, which is there, lists no GPUs
}

// GPU is one NVIDIA device, as nvidia-smi(1) lists it, or one slice of it (MIG)
// that CUDA_VISIBLE_DEVICES names.
type GPU struct {
	Index  int    `json:"index"` // in the order of the PCI bus; -1 for a slice
	UUID   string `json:"uuid"`
	Model  string `json:"model,omitempty"`
	Memory int64  `json:"memory,omitempty"` // bytes; 0 if unknown
}

// Discover looks at the machine: the CPUs of the affinity mask and the memory,
// both within the limits of the control group, and the GPUs that nvidia-smi
// lists, only those of CUDA_VISIBLE_DEVICES if it is set. It never fails: what
// cannot be found is not there.
func Discover(ctx context.Context) Machine {
	m := capacity("/proc", "/sys/fs/cgroup")
	m.GPUs, m.Fault = discoverGPUs(ctx)
	return m
}

// capacity finds CPUs and memory; the folders differ in tests.
func capacity(proc, cgroup string) Machine {
	m := Machine{CPUs: affinity(), Memory: totalMemory(proc)}
	for _, group := range controlGroups(proc, cgroup) {
		if n, ok := group.cpus(); ok {
			m.CPUs = min(m.CPUs, max(n, 1))
		}
		if bytes, ok := group.memory(); ok && (m.Memory == 0 || bytes < m.Memory) {
			m.Memory = bytes
		}
	}
	return m
}

func affinity() int {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return 1
	}
	return max(set.Count(), 1)
}

// totalMemory reads MemTotal of proc_meminfo(5), in bytes.
func totalMemory(proc string) int64 {
	data, _ := os.ReadFile(proc + "/meminfo")
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}
