package slurmtest

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// Required is the environment variable that, set to "required", makes a test
// fail that needs Slurm where there is none. Otherwise it is skipped.
const Required = "RUNPIPE_TEST_SLURM"

// Option changes the cluster that a test gets.
type Option func(*Config)

// Nodes sets the number of nodes.
func Nodes(n int) Option { return func(c *Config) { c.Nodes = n } }

// MinJobAge sets for how many seconds the controller remembers ended jobs.
func MinJobAge(seconds int) Option {
	return func(c *Config) { c.MinJobAge = time.Duration(seconds) * time.Second }
}

// Cgroup tracks processes by control groups, as real sites do.
func Cgroup() Option { return func(c *Config) { c.Cgroup = true } }

// HoldMemory kills jobs and steps that use more memory than they asked for, as
// real sites do.
func HoldMemory() Option { return func(c *Config) { c.Cgroup, c.HoldMemory = true, true } }

// Conf adds lines to slurm.conf.
func Conf(lines ...string) Option {
	return func(c *Config) { c.Conf = append(c.Conf, lines...) }
}

// Accounting runs slurmdbd on a mariadb of its own, for sacct. It takes some
// seconds more.
func Accounting() Option { return func(c *Config) { c.Accounting = true } }

// Start starts a cluster for one test and ends it after the test.
func Start(tb testing.TB, opts ...Option) *Cluster {
	tb.Helper()
	var config Config
	for _, opt := range opts {
		opt(&config)
	}
	need(tb, config)
	c, dir, err := create(config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Log(c.lastWords())
		}
		if err := remove(c, dir); err != nil {
			tb.Error(err)
		}
	})
	return c
}

var shared struct {
	sync.Mutex
	cluster *Cluster
	dir     string
}

// Shared is one cluster for all tests of a package, started by the first that
// asks. The package's TestMain must call Main, which ends it.
func Shared(tb testing.TB) *Cluster {
	tb.Helper()
	need(tb, Config{})
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil {
		c, dir, err := create(Config{})
		if err != nil {
			tb.Fatal(err)
		}
		shared.cluster, shared.dir = c, dir
	}
	return shared.cluster
}

// Main runs the tests, ends the shared cluster and returns the exit status:
//
//	func TestMain(m *testing.M) { os.Exit(slurmtest.Main(m)) }
func Main(m interface{ Run() int }) int {
	status := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil {
		return status
	}
	if err := remove(shared.cluster, shared.dir); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return max(status, 1)
	}
	return status
}

func need(tb testing.TB, config Config) {
	tb.Helper()
	missing := Missing(config)
	if len(missing) == 0 {
		return
	}
	if os.Getenv(Required) == "required" {
		tb.Fatalf("%s=required, but %s are not installed", Required, strings.Join(missing, ", "))
	}
	tb.Skipf("Slurm is not installed: %s are missing", strings.Join(missing, ", "))
}

// create starts a cluster in a folder of its own, with a short path. Another
// process may take a port between its choice and its use, so it tries twice.
func create(config Config) (*Cluster, string, error) {
	var faults error
	for range 2 {
		dir, err := os.MkdirTemp("/tmp", "private-slurm-")
		if err != nil {
			return nil, "", err
		}
		c, err := New(dir, config)
		if err == nil {
			return c, dir, nil
		}
		faults = errors.Join(faults, err, os.RemoveAll(dir))
	}
	return nil, "", faults
}

func remove(c *Cluster, dir string) error {
	return errors.Join(c.Close(), os.RemoveAll(dir))
}
