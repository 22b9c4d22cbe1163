package slurm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Client is the Executor that speaks to Slurm through its own commands. They
// are the same at every site, where its library and its JSON differ from
// release to release.
type Client struct {
	// Bin is the folder of sbatch and the other commands; "" looks for them on PATH.
	Bin string
	// Environ is the environment that the commands' own is taken from; nil is
	// this process's.
	Environ []string
	// Notice, if set, is told what sbatch says while it waits: where the
	// controller takes no more jobs it tries again for two minutes.
	Notice func(line string)
}

var _ Executor = (*Client)(nil)

// NewClient is a client of the Slurm whose commands are in the folder bin, or
// on PATH if bin is "". It asks nothing yet.
func NewClient(bin string) *Client { return &Client{Bin: bin} }

// Find looks for a Slurm that can be used from here: sbatch on PATH, a
// configuration, and a controller that answers. The error wraps ErrAbsent if one
// of the first two is missing, and ErrUnreachable if only the answer is.
func Find(ctx context.Context) (*Client, error) {
	c := NewClient("")
	if _, err := c.command("sbatch"); err != nil {
		return nil, fmt.Errorf("%w: sbatch is not on PATH", ErrAbsent)
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second) // a refused connection is tried for about 9 s
	defer cancel()
	out, _, err := c.run(ctx, c.environ(), "scontrol", "ping")
	if err == nil || strings.Contains(out, " is UP") { // a backup that is down makes it fail
		return c, nil
	}
	if errors.Is(err, ErrAbsent) {
		return nil, fmt.Errorf("%w: sbatch is installed, but there is no slurm.conf", ErrAbsent)
	}
	if down, _, _ := strings.Cut(strings.TrimSpace(out), "\n"); down != "" { // "Slurmctld(primary) at head is DOWN", then a box of asterisks
		return nil, fmt.Errorf("%w: %s", ErrUnreachable, down)
	}
	if !errors.Is(err, ErrUnreachable) {
		err = fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return nil, err
}

// Name is "slurm".
func (*Client) Name() string { return "slurm" }

// command is the path of one of Slurm's commands.
func (c *Client) command(name string) (string, error) {
	file := name
	if c.Bin != "" {
		file = filepath.Join(c.Bin, name)
	}
	path, err := exec.LookPath(file)
	if err == nil {
		return filepath.Abs(path)
	}
	if c.Bin == "" {
		return "", fmt.Errorf("%w: %s is not on PATH", ErrUnreachable, name)
	}
	return "", fmt.Errorf("%w: there is no %s in %s", ErrUnreachable, name, c.Bin)
}

// environ is the environment of every command but sbatch: times in seconds
// since 1970, job arrays uncut, and nothing else that would change the output.
func (c *Client) environ() []string {
	env := []string{"LC_ALL=C", "SLURM_TIME_FORMAT=%s", "SLURM_BITSTR_LEN=0"}
	for _, pair := range c.base() {
		name, _, _ := strings.Cut(pair, "=")
		if name != "LC_ALL" && !steersSlurm(name) {
			env = append(env, pair)
		}
	}
	return env
}

// steersSlurm reports whether a variable changes what Slurm's commands do:
// SBATCH_TIMELIMIT overrides a script's directive, SQUEUE_FORMAT the output,
// and a job's own SLURM_ variables become requests of a job submitted inside it.
// SLURM_CONF says where the cluster is.
func steersSlurm(name string) bool {
	if name == "SLURM_CONF" {
		return false
	}
	for _, prefix := range []string{"SLURM_", "SBATCH_", "SRUN_", "SALLOC_", "SQUEUE_", "SACCT_", "SCANCEL_", "SCONTROL_", "SINFO_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func (c *Client) base() []string {
	if c.Environ != nil {
		return c.Environ
	}
	return os.Environ()
}
