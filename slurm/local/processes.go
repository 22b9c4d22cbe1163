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

// hasToken reports whether the process was started with this token. The
// environment of other users' processes, and of zombies, cannot be read.
func hasToken(pid int, token string) bool {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	want := []byte(tokenVariable + "=" + token)
	return err == nil && (bytes.HasPrefix(data, append(want, 0)) || bytes.Contains(data, append(append([]byte{0}, want...), 0)))
}

// withToken lists the living processes of the job with this token.
func withToken(token string) []process {
	var list []process
	for _, p := range processTable() {
		if !p.zombie() && hasToken(p.pid, token) {
			list = append(list, p)
		}
	}
	return list
}

// killPatience is how long killed processes may take to be gone: one that hangs
// in the kernel (a lost network file system) does not go before that is over.
const killPatience = 10 * time.Second

// killToken kills all processes of a job until none is left.
func killToken(ctx context.Context, token string) error {
	ctx, cancel := context.WithTimeout(ctx, killPatience)
	defer cancel()
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		left := withToken(token)
		if len(left) == 0 {
			return nil
		}
		for _, p := range left {
			p.kill()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of its processes were killed and do not end: %w", len(left), ctx.Err())
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
