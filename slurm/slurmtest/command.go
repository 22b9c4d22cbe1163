package slurmtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/runpipe/runpipe/slurm"
)

// Client is a client of this cluster.
func (c *Cluster) Client() *slurm.Client {
	client := slurm.NewClient(c.bin())
	client.Environ = append(os.Environ(), c.Env()...)
	return client
}

// Env is what a process needs in its environment to use this cluster:
// SLURM_CONF, and a PATH that finds Slurm's commands.
func (c *Cluster) Env() []string {
	return []string{"SLURM_CONF=" + c.file("slurm.conf"), "PATH=" + c.bin() + ":" + os.Getenv("PATH")}
}

// bin is the folder of Slurm's commands.
func (c *Cluster) bin() string {
	path, err := lookup("sbatch")
	if err != nil {
		return "" // New has seen it
	}
	return filepath.Dir(path)
}

// Run runs one of Slurm's commands against this cluster, such as
// Run("scontrol", "show", "job", id), and returns what it wrote to stdout.
func (c *Cluster) Run(args ...string) (string, error) {
	cmd := c.command(args[0], args[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	if path, err := lookup(name); err == nil {
		name = path
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = c.Dir
	cmd.Env = append(cleanEnviron(), c.Env()...)
	return cmd
}

// cleanEnviron is this process's environment without what steers Slurm: a test
// may itself run inside a Slurm job.
func cleanEnviron() []string {
	var clean []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "SLURM") && !strings.HasPrefix(pair, "SBATCH_") && !strings.HasPrefix(pair, "SRUN_") {
			clean = append(clean, pair)
		}
	}
	return clean
}

// lookup finds a command on PATH or where the distribution keeps daemons.
func lookup(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", err
}

// lastWords is the end of every daemon's log.
func (c *Cluster) lastWords() string {
	logs, _ := filepath.Glob(c.file("*.log")) // the pattern is well formed
	var all strings.Builder
	for _, path := range logs {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
		lines = lines[max(0, len(lines)-8):]
		fmt.Fprintf(&all, "%s:\n%s\n", filepath.Base(path), bytes.Join(lines, []byte("\n")))
	}
	return all.String()
}
