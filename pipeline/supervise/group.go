package supervise

import (
	"fmt"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// group is a command running in a process group of its own.
type group struct {
	pid    int             // of its leader, and of the group
	status unix.WaitStatus // of the leader, once ended is closed
	ended  chan struct{}   // closed when the leader has ended
	empty  chan struct{}   // closed when nobody of the group is left

	mu   sync.Mutex
	used rusage // by those that have ended
}

// startGroup starts cmd as the leader of a new group. The caller must be the
// adopter of its descendants (adopt), so that those whose parent dies are
// waited for like the leader; cmd.Wait must not be called.
func startGroup(cmd *exec.Cmd) (*group, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	g := &group{pid: cmd.Process.Pid, ended: make(chan struct{}), empty: make(chan struct{})}
	go g.reap()
	return g, nil
}

// adopt makes this process the parent of all its descendants whose own parent
// ends, as init would be: prctl(2), PR_SET_CHILD_SUBREAPER.
func adopt() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("becoming the parent of what the command starts: %w", err)
	}
	return nil
}

// reap waits for all of the group: a member is either our child, or has a
// parent in the group whose place we take when it ends.
func (g *group) reap() {
	defer close(g.empty)
	for ended := false; ; {
		var status unix.WaitStatus
		var used unix.Rusage
		pid, err := unix.Wait4(-g.pid, &status, 0, &used)
		if err == nil {
			g.count(used)
		}
		switch {
		case err == unix.EINTR:
		case err != nil: // ECHILD
			if !ended { // its end was lost: never to be taken for success
				g.status = unix.WaitStatus(unix.SIGKILL)
				close(g.ended)
			}
			return
		case pid == g.pid:
			g.status, ended = status, true
			close(g.ended)
		}
	}
}

// forward sends a signal to the group, but not to an srun in it: Slurm signals
// the tasks of a step itself, and an srun that is given a SIGTERM does not pass
// it on but ends its step at once.
func (g *group) forward(signal syscall.Signal) {
	select {
	case <-g.empty:
		return // the number may be another group's by now
	default:
	}
	var members []int
	spare := false
	for _, p := range processTable() {
		if p.group != g.pid {
			continue
		}
		if p.name == "srun" {
			spare = true
		} else {
			members = append(members, p.pid)
		}
	}
	if !spare {
		unix.Kill(-g.pid, signal)
		return
	}
	for _, pid := range members {
		unix.Kill(pid, signal)
	}
}

// late is how long after the end of the leader our own copy of a signal may come
// that was sent to all processes of the job and has ended the leader.
func (g *group) late() time.Duration {
	if exitCode(g.status) == 0 {
		return 0
	}
	return 300 * time.Millisecond
}

// exitCode is a wait status as a shell tells it: 128+n for signal n.
func exitCode(status unix.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
