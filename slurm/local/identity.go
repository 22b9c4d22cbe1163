package local

import (
	"fmt"
	"os"
	"strings"
)

// identity names one process of one boot of one machine, for ever: a process
// that was given the same number later has started later.
type identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks after boot: proc_pid_stat(5), field 22
	Boot  string `json:"boot"`  // /proc/sys/kernel/random/boot_id
	Host  string `json:"host"`
}

// self is the identity of this process.
func self() (identity, error) {
	host, err := os.Hostname()
	if err != nil {
		return identity{}, fmt.Errorf("finding the machine's name: %w", err)
	}
	p, err := readProcess(os.Getpid())
	if err != nil {
		return identity{}, fmt.Errorf("finding when this process started: %w", err)
	}
	return identity{PID: p.pid, Start: p.start, Boot: bootID(), Host: host}, nil
}

func bootID() string {
	data, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(data))
}

// life says whether the process lives. On another machine, or in another
// container of this one, only its own kind can tell.
func (i identity) life() life {
	host, _ := os.Hostname()
	sameBoot := i.Boot == bootID()
	if sameBoot {
		if p, err := readProcess(i.PID); err == nil && p.start == i.Start && !p.zombie() {
			return alive
		}
	}
	if i.Host != host {
		return foreign
	}
	return dead
}
