package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tokenVariable marks all processes of a job, as continuous-integration servers
// mark theirs: it is inherited across setsid and double forks.
const tokenVariable = "RUNPIPE_LOCAL_TOKEN"

// process is one line of the process table: proc_pid_stat(5).
type process struct {
	pid, parent, session int
	state                byte
	start                uint64 // clock ticks after boot
}

// zombie reports whether p has ended and only waits to be reaped.
func (p process) zombie() bool { return p.state == 'Z' || p.state == 'X' }

func readProcess(pid int) (process, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, err
	}
	// The name, in parentheses, may itself hold spaces and parentheses.
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 20 {
		return process{}, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields)+2)
	}
	p := process{pid: pid, state: fields[0][0]}
	p.parent, _ = strconv.Atoi(fields[1])
	p.session, _ = strconv.Atoi(fields[3])
	if p.start, err = strconv.ParseUint(fields[19], 10, 64); err != nil {
		return process{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	return p, nil
}

// processTable lists all processes that can be seen, in the order of their pid.
func processTable() []process {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var table []process
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if p, err := readProcess(pid); err == nil {
			table = append(table, p)
		}
	}
	return table
}

// tokenOf is the token that a process was started with, or "". The environment
// of other users' processes, and of zombies, cannot be read.
func tokenOf(pid int) string {
	data, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	for pair := range bytes.SplitSeq(data, []byte{0}) {
		if token, ok := bytes.CutPrefix(pair, []byte(tokenVariable+"=")); ok {
			return string(token)
		}
	}
	return ""
}

// marked lists the living processes of all jobs, by token.
func marked() map[string][]process {
	found := map[string][]process{}
	for _, p := range processTable() {
		if p.zombie() {
			continue
		}
		if token := tokenOf(p.pid); token != "" {
			found[token] = append(found[token], p)
		}
	}
	return found
}

// killPatience is how long killed processes may take to be gone: one that hangs
// in the kernel (a lost network file system) does not go before that is over.
const killPatience = 10 * time.Second

// killMarked kills all processes with these tokens until none is left.
func killMarked(ctx context.Context, tokens []string) error {
	ctx, cancel := context.WithTimeout(ctx, killPatience)
	defer cancel()
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		all, left := marked(), 0
		for _, token := range tokens {
			for _, p := range all[token] {
				p.kill()
				left++
			}
		}
		if left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d processes were killed and do not end: %w", left, ctx.Err())
		case <-time.After(pause): // they are not our children: nothing tells when they are gone
		}
	}
}

// kill sends SIGKILL to p, and to no process that was given its number since.
func (p process) kill() {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) { // before Linux 5.3, or forbidden by a sandbox
		if now, err := readProcess(p.pid); err == nil && now.start == p.start {
			_ = unix.Kill(p.pid, unix.SIGKILL)
		}
		return
	}
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if now, err := readProcess(p.pid); err == nil && now.start == p.start {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}
