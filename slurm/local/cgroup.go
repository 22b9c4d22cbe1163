package local

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// controlGroup is the folder of one control group, of version 1 or 2: cgroups(7).
type controlGroup string

// controlGroups lists the folders that limit this process: its own and all
// above it, of every hierarchy below root that knows of CPUs or memory. Inside a
// container the own path is often hidden, and root itself shows its limits.
func controlGroups(proc, root string) []controlGroup {
	data, _ := os.ReadFile(proc + "/self/cgroup")
	var groups []controlGroup
	for line := range strings.Lines(string(data)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		mounts := []string{root} // version 2: "0::/path"
		if parts[1] != "" {
			controllers := strings.Split(parts[1], ",")
			if !slices.Contains(controllers, "cpu") && !slices.Contains(controllers, "memory") {
				continue
			}
			mounts = []string{filepath.Join(root, parts[1])}
			for _, c := range controllers {
				mounts = append(mounts, filepath.Join(root, c))
			}
		}
		for _, mount := range mounts {
			for path := filepath.Clean("/" + parts[2]); ; path = filepath.Dir(path) {
				groups = append(groups, controlGroup(filepath.Join(mount, path)))
				if path == "/" {
					break
				}
			}
		}
	}
	return groups
}

// cpus is the CPU quota in whole CPUs: a job is promised no part of one.
func (g controlGroup) cpus() (int, bool) {
	quota, period, _ := strings.Cut(g.read("cpu.max"), " ") // "150000 100000" or "max 100000"
	if quota == "" {
		quota, period = g.read("cpu.cfs_quota_us"), g.read("cpu.cfs_period_us")
	}
	q, err1 := strconv.Atoi(quota)
	p, err2 := strconv.Atoi(period)
	if err1 != nil || err2 != nil || q <= 0 || p <= 0 { // "max", and -1 in version 1
		return 0, false
	}
	return q / p, true
}

// memory is the limit in bytes. Version 1 writes a huge number for "none".
func (g controlGroup) memory() (int64, bool) {
	text := g.read("memory.max")
	if text == "" {
		text = g.read("memory.limit_in_bytes")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0
}

func (g controlGroup) read(name string) string {
	data, _ := os.ReadFile(filepath.Join(string(g), name))
	return strings.TrimSpace(string(data))
}
