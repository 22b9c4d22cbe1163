package slurmtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Config is what a private cluster looks like. Zero values take the defaults
// that the fields name.
type Config struct {
	Nodes       int           // compute nodes n1, n2, …; default 4
	CPUs        int           // of each node, whether or not the machine has them; default 8
	Memory      int           // of each node, in MiB; default 6000
	GPUs        int           // of each node, of type a100; default 2, none if negative or not started by root
	MinJobAge   time.Duration // how long the controller remembers ended jobs; default 300 s, Slurm's own
	MaxTime     time.Duration // time limit of the partition "short"; default 10 minutes
	KillWait    time.Duration // between TERM and KILL; default 2 s
	Cgroup      bool          // track processes by control groups, as real sites do; root only
	HoldMemory  bool          // kill what uses more memory than it asked for, by control groups; root only
	Partition   string        // name of the default partition; default "gpu"
	Accounting  bool          // run slurmdbd on a mariadb of its own
	Conf        []string      // further lines of slurm.conf(5), which come last but for nodes and partitions
	ReadyWithin time.Duration // how long starting may take; default 2 minutes
}

func (c Config) withDefaults() Config {
	def := func(value *int, fallback int) {
		if *value == 0 {
			*value = fallback
		}
	}
	defTime := func(value *time.Duration, fallback time.Duration) {
		if *value == 0 {
			*value = fallback
		}
	}
	def(&c.Nodes, 4)
	def(&c.CPUs, 8)
	def(&c.Memory, 6000)
	def(&c.GPUs, 2)
	defTime(&c.MinJobAge, 300*time.Second)
	defTime(&c.MaxTime, 10*time.Minute)
	defTime(&c.KillWait, 2*time.Second)
	defTime(&c.ReadyWithin, 2*time.Minute)
	if c.Partition == "" {
		c.Partition = "gpu"
	}
	if os.Geteuid() != 0 {
		c.GPUs = -1 // making a device file is root's
	}
	return c
}

// Cluster is a running private Slurm.
type Cluster struct {
	Dir string // everything that the cluster writes lies in here

	config     Config
	keeper     *keeper
	ports      []int // the controller's, one a node, the database's and slurmdbd's
	munged     *daemon
	database   *daemon
	accounting *daemon
	controller *daemon
	nodes      []*daemon

	closing sync.Once
	closed  error
}

// Missing names the daemons and commands that such a cluster needs and this
// machine lacks.
func Missing(config Config) []string {
	names := []string{"munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "srun"}
	if config.Accounting {
		names = append(names, accountingPrograms...)
	}
	var missing []string
	for _, name := range names {
		if _, err := lookup(name); err != nil {
			missing = append(missing, name)
		}
	}
	return missing
}

// New starts a cluster that keeps its files in dir, an existing empty folder
// whose path is short (munge's socket lies in it, and a socket's path has at
// most 107 bytes). It returns once every node takes jobs.
func New(dir string, config Config) (*Cluster, error) {
	if missing := Missing(config); len(missing) > 0 {
		return nil, fmt.Errorf("a private Slurm needs %s, which are not installed (on Debian: slurm-wlm and munge; for accounting also slurmdbd, slurm-wlm-mysql-plugin, mariadb-server-core and mariadb-client-core)", strings.Join(missing, ", "))
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("starting a private Slurm: %w", err)
	}
	c := &Cluster{Dir: dir, config: config.withDefaults(), keeper: newKeeper()}
	if err := c.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a private Slurm: %w", err), c.Close())
	}
	return c, nil
}

func (c *Cluster) start() (err error) {
	if c.ports, err = freePorts(1 + c.config.Nodes + 2); err != nil {
		return err
	}
	if err := c.writeFiles(); err != nil {
		return err
	}
	if err := c.startMunge(); err != nil {
		return err
	}
	if c.config.Accounting {
		if err := c.startAccounting(); err != nil {
			return err
		}
	}
	if err := c.startController(); err != nil {
		return err
	}
	for n := 1; n <= c.config.Nodes; n++ {
		node, err := c.keeper.start(c.slurmd(n))
		if err != nil {
			return err
		}
		c.nodes = append(c.nodes, node)
	}
	return c.awaitNodes()
}

func (c *Cluster) startMunge() (err error) {
	c.munged, err = c.keeper.start(c.command("munged", "--foreground", "--force", "--num-threads=2",
		"--key-file="+c.file("munge.key"), "--socket="+c.file("munge.sock"),
		"--pid-file="+c.file("munged.pid"), "--log-file="+c.file("munged.log"),
		"--seed-file="+c.file("munge.seed")))
	if err != nil {
		return err
	}
	return c.await("munged", func() error {
		_, err := os.Stat(c.file("munge.sock"))
		return err
	}, c.munged)
}

// startController starts slurmctld and waits until it answers.
func (c *Cluster) startController() (err error) {
	if c.controller, err = c.keeper.start(c.command("slurmctld", "-D")); err != nil {
		return err
	}
	return c.await("slurmctld", func() error {
		_, err := c.Run("scontrol", "ping")
		return err
	}, c.controller)
}

func (c *Cluster) slurmd(n int) *exec.Cmd {
	return c.command("slurmd", "-D", "-N", nodeName(n))
}

// awaitNodes waits until all nodes are idle, that is, have reported and take jobs.
func (c *Cluster) awaitNodes() error {
	return c.await("the nodes", func() error {
		out, err := c.Run("sinfo", "-h", "-o", "%t %D")
		if err != nil {
			return err
		}
		if want := fmt.Sprintf("idle %d", c.config.Nodes); strings.TrimSpace(out) != want {
			return fmt.Errorf("sinfo says %q, not %q", strings.TrimSpace(out), want)
		}
		return nil
	}, append(c.nodes, c.controller)...)
}

// await asks ready again and again until it has no error, or one of the daemons
// it depends on has ended, or ReadyWithin is over.
func (c *Cluster) await(what string, ready func() error, daemons ...*daemon) error {
	deadline := time.Now().Add(c.config.ReadyWithin)
	for {
		err := ready()
		if err == nil {
			return nil
		}
		for _, d := range daemons {
			if d.ended() {
				return fmt.Errorf("%s ended: %w\n%s", d.name, d.err, c.lastWords())
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s not ready after %s: %w\n%s", what, c.config.ReadyWithin, err, c.lastWords())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (c *Cluster) file(name string) string { return filepath.Join(c.Dir, name) }

// Close ends all jobs and daemons, and waits until no process of the cluster is
// left. The files stay: they belong to whoever made Dir.
func (c *Cluster) Close() error {
	c.closing.Do(func() { c.closed = c.close() })
	return c.closed
}

func (c *Cluster) close() error {
	for _, node := range c.nodes {
		node.kill()
	}
	for _, d := range []*daemon{c.controller, c.accounting, c.database, c.munged} {
		if d != nil {
			d.kill()
		}
	}
	err := c.killStrays()
	c.removeCgroups()
	c.keeper.stop()
	return err
}
