package slurmtest

import (
	"fmt"
	"syscall"
)

// StopController freezes slurmctld: it accepts connections but does not answer,
// as a controller that is overloaded.
func (c *Cluster) StopController() error { return c.controller.signal(syscall.SIGSTOP) }

// ContinueController lets a frozen slurmctld go on.
func (c *Cluster) ContinueController() error { return c.controller.signal(syscall.SIGCONT) }

// KillController ends slurmctld: connections are refused until RestartController.
func (c *Cluster) KillController() { c.controller.kill() }

// RestartController ends slurmctld if it runs, starts it again from its saved
// state, and returns when it answers and knows its nodes.
func (c *Cluster) RestartController() error {
	if !c.controller.ended() {
		if err := c.controller.signal(syscall.SIGTERM); err != nil { // it saves its state
			return err
		}
		<-c.controller.done
	}
	if err := c.startController(); err != nil {
		return fmt.Errorf("starting slurmctld again: %w", err)
	}
	return nil
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
