package local

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCapacityHonoursControlGroups(t *testing.T) {
	plain := capacity("/proc", "/nonexistent")
	if plain.CPUs != runtime.NumCPU() || plain.Memory < 1<<20 {
		t.Fatalf("this machine: %+v", plain)
	}
	for name, tree := range map[string]map[string]string{
		"version 2, own group": {"proc/self/cgroup": "0::/a/b\n", "cgroup/a/b/memory.max": "1048576\n", "cgroup/a/b/cpu.max": "100000 100000\n"},
		"version 2, above":     {"proc/self/cgroup": "0::/a/b\n", "cgroup/a/memory.max": "1048576\n", "cgroup/a/b/memory.max": "max\n", "cgroup/a/cpu.max": "150000 100000\n", "cgroup/a/b/cpu.max": "max 100000\n"},
		"version 2, container": {"proc/self/cgroup": "0::/hidden\n", "cgroup/memory.max": "1048576\n", "cgroup/cpu.max": "50000 100000\n"},
		"version 1": {"proc/self/cgroup": "5:memory:/a\n3:cpu,cpuacct:/b\n2:devices:/c\n",
			"cgroup/memory/a/memory.limit_in_bytes": "1048576\n", "cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
			"cgroup/cpu/b/cpu.cfs_quota_us": "100000\n", "cgroup/cpu/b/cpu.cfs_period_us": "100000\n", "cgroup/cpu/cpu.cfs_quota_us": "-1\n", "cgroup/cpu/cpu.cfs_period_us": "100000\n"},
	} {
		root := t.TempDir()
		tree["proc/meminfo"] = "MemTotal:       16000000 kB\nMemFree:        1 kB\n"
		for path, text := range tree {
			path = filepath.Join(root, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got := capacity(root+"/proc", root+"/cgroup")
		if got.CPUs != 1 || got.Memory != 1<<20 {
			t.Errorf("%s: %+v, want 1 CPU and 1 MiB", name, got)
		}
	}
}

func TestDiscoverGPUs(t *testing.T) {
	all := []GPU{
		{0, "GPU-00", "NVIDIA A100-SXM4-40GB", 40960 << 20},
		{1, "GPU-11", "NVIDIA A100-SXM4-40GB", 40960 << 20},
		{2, "GPU-22", "NVIDIA A100-SXM4-40GB", 40960 << 20},
	}
	for visible, want := range map[string][]GPU{
		"unset":                all,
		"":                     nil,
		"2,0":                  {all[2], all[0]},
		"GPU-1, 0":             {all[1], all[0]},
		"1,-1,0":               {all[1]}, // the first invalid one ends the list
		"NoDevFiles":           nil,
		"MIG-5c/7/0,MIG-other": {{-1, "MIG-5c/7/0", "MIG", 0}, {-1, "MIG-other", "MIG", 0}},
	} {
		t.Run(visible, func(t *testing.T) {
			fakeGPUs(t, 3)
			if visible != "unset" {
				t.Setenv("CUDA_VISIBLE_DEVICES", visible)
			}
			m := Discover(context.Background())
			if diff := cmp.Diff(want, m.GPUs); diff != "" || m.Fault != "" {
				t.Errorf("fault %q, GPUs (-want +got):\n%s", m.Fault, diff)
			}
		})
	}
}

func TestDiscoverTellsWhyThereAreNoGPUs(t *testing.T) {
	for script, want := range map[string]string{
		"echo Failed to initialize NVML; exit 18": "exit status 18: Failed to initialize NVML",
		"echo what": `printed "what"`,
	} {
		fakeSMI(t, "#!/bin/sh\n"+script+"\n")
		if m := Discover(context.Background()); len(m.GPUs) > 0 || !strings.Contains(m.Fault, want) {
			t.Errorf("%+v, want fault %q", m, want)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if m := Discover(context.Background()); len(m.GPUs) > 0 || m.Fault != "" {
		t.Errorf("without nvidia-smi: %+v", m)
	}
}
