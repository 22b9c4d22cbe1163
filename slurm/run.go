package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// commandError is a command that ran and failed.
type commandError struct {
	Command string   // its name
	Lines   []string // of stderr, without "<command>: error:" in front
	Cause   error    // how it ended
}

func (e *commandError) Error() string {
	if len(e.Lines) == 0 {
		return fmt.Sprintf("%s: %v", e.Command, e.Cause)
	}
	return e.Command + ": " + strings.Join(e.Lines, "; ")
}

func (e *commandError) Unwrap() error { return e.Cause }

// run runs one of Slurm's commands and returns its stdout and the lines of its
// stderr. "error:" among those is an error, even where the command ended well:
// scancel may fail with exit status 0.
//
// The command is a process group of its own: a Ctrl-C in the terminal must not
// reach an sbatch that is half through.
func (c *Client) run(ctx context.Context, env []string, name string, args ...string) (stdout string, said []string, err error) {
	path, err := c.command(name)
	if err != nil {
		return "", nil, err
	}
	if err := ctx.Err(); err != nil {
		return "", nil, fmt.Errorf("%s was not run: %w", name, err)
	}
	var out, errOut bytes.Buffer
	running, end := context.WithCancel(ctx)
	defer end()
	conf := &confSeeker{end: end}
	cmd := exec.CommandContext(running, path, args...)
	cmd.Env = env
	cmd.Stdout, cmd.Stderr = &out, io.MultiWriter(&errOut, conf)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	if name == "sbatch" {
		// One that outlived its submitter might go on trying for minutes, and
		// submit a job long after somebody has looked for it in vain. The signal
		// comes when the thread ends that started it: PR_SET_PDEATHSIG(2const).
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
		if c.Notice != nil {
			cmd.Stderr = io.MultiWriter(&errOut, conf, noticer{c.Notice})
		}
	}
	err = cmd.Run()
	if cause := ctx.Err(); err != nil && cause != nil {
		err = cause
	}
	said, isError := words(errOut.String())
	if err == nil && isError {
		err = errors.New("it said that there was an error, and ended as if there were none")
	}
	if err != nil {
		if conf.vain { // nothing was asked of anybody yet
			why, _, _ := strings.Cut(strings.Join(said, "; "), retriesConf)
			return out.String(), said, fmt.Errorf("%w: %s: %s", ErrUnreachable, name, why)
		}
		failed := &commandError{Command: name, Lines: said, Cause: err}
		var exit *exec.ExitError
		if errors.As(err, &exit) && !exit.Exited() { // as by SIGPIPE, where a busy controller hangs up
			return out.String(), said, fmt.Errorf("%w: %w", ErrAmbiguous, failed)
		}
		return out.String(), said, classify(failed)
	}
	return out.String(), said, nil
}

// retriesConf is how one says that it will look again for slurm.conf.
const retriesConf = ", retrying in"

// confSeeker ends a command that looks for its slurm.conf in vain: for a minute it
// would do so again and again, and say nothing to whoever waits for its answer.
type confSeeker struct {
	end  func()
	vain bool
}

func (s *confSeeker) Write(data []byte) (int, error) {
	if bytes.Contains(data, []byte("cannot stat file")) && bytes.Contains(data, []byte(retriesConf)) {
		s.vain = true
		s.end()
	}
	return len(data), nil
}

// noticer passes on the lines in which sbatch says that it tries again. It
// writes each line at once.
type noticer struct{ tell func(string) }

func (n noticer) Write(data []byte) (int, error) {
	lines, _ := words(string(data))
	for _, line := range lines {
		if strings.Contains(line, "retrying") {
			n.tell(line)
		}
	}
	return len(data), nil
}

// words are the lines of stderr without their prefixes "sbatch: error: ", and
// whether one of them is an error.
func words(stderr string) (lines []string, isError bool) {
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if tool, rest, ok := strings.Cut(line, ": "); ok && !strings.Contains(tool, " ") {
			line = rest
		}
		for _, grade := range []string{"error: ", "fatal: "} {
			if rest, ok := strings.CutPrefix(line, grade); ok {
				line, isError = rest, true
			}
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines, isError
}
