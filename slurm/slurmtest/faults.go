package slurmtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// StopController freezes slurmctld: it accepts connections but does not answer,
// as a controller that is overloaded. All its threads stand still when this
// returns.
func (c *Cluster) StopController() error {
	if err := c.controller.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return unix.Waitid(unix.P_PID, c.controller.cmd.Process.Pid, nil, unix.WSTOPPED, nil)
}

// ContinueController lets a frozen slurmctld go on.
func (c *Cluster) ContinueController() error { return c.controller.signal(syscall.SIGCONT) }

// KillController ends slurmctld: connections are refused until RestartController.
func (c *Cluster) KillController() { c.controller.kill() }

// EndController has slurmctld save its state and end.
func (c *Cluster) EndController() error {
	if !c.controller.ended() {
		if err := c.controller.signal(syscall.SIGTERM); err != nil {
			return err
		}
		<-c.controller.done
	}
	return nil
}

// RestartController ends slurmctld if it runs, starts it again from its saved
// state, and returns when it answers and knows its nodes.
func (c *Cluster) RestartController() error {
	if err := c.EndController(); err != nil {
		return err
	}
	if err := c.startController(); err != nil {
		return fmt.Errorf("starting slurmctld again: %w", err)
	}
	return nil
}

// Snapshot is what slurmctld had saved at a moment.
type Snapshot struct{ dir string }

// Snapshot copies the controller's state as it would be found after a crash now,
// once that is what it knows: it saves what has changed within some seconds.
func (c *Cluster) Snapshot() (Snapshot, error) {
	if err := c.RestartController(); err != nil { // it saves its state
		return Snapshot{}, err
	}
	dir, err := os.MkdirTemp(c.Dir, "snapshot-")
	if err == nil {
		err = c.StopController() // it may be saving anew
	}
	if err == nil {
		err = os.CopyFS(filepath.Join(dir, "state"), os.DirFS(c.file("state")))
		err = errors.Join(err, c.ContinueController())
	}
	if err != nil {
		return Snapshot{}, fmt.Errorf("copying slurmctld's state: %w", err)
	}
	return Snapshot{dir}, nil
}

// ForgetSince kills slurmctld and starts it with the state of a snapshot, as after
// a crash before it had saved anything newer. A snapshot is good for once.
func (c *Cluster) ForgetSince(s Snapshot) error {
	c.KillController()
	if err := os.RemoveAll(c.file("state")); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(s.dir, "state"), c.file("state")); err != nil {
		return fmt.Errorf("putting slurmctld's state back: %w", err)
	}
	return c.RestartController()
}

// KillNode ends the slurmd of node n (from 1) at once, as a power cut does. What
// its jobs started goes on until StartNode or Close.
func (c *Cluster) KillNode(n int) error {
	if n < 1 || n > len(c.nodes) {
		return fmt.Errorf("there is no node %d: the cluster has %d", n, len(c.nodes))
	}
	c.nodes[n-1].kill()
	return nil
}

// StartNode starts the slurmd of node n again.
func (c *Cluster) StartNode(n int) error {
	if n < 1 || n > len(c.nodes) {
		return fmt.Errorf("there is no node %d: the cluster has %d", n, len(c.nodes))
	}
	c.nodes[n-1].kill()
	node, err := c.keeper.start(c.slurmd(n))
	if err != nil {
		return err
	}
	c.nodes[n-1] = node
	return nil
}
