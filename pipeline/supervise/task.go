package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

// tasksVariable names the folder in which each rank leaves its record.
const tasksVariable = "RUNPIPE_TASKS"

// Task runs argv as one rank of a job step with several, with this process's
// own stdin, stdout and stderr, and leaves task-<rank>.json in the folder that
// RUNPIPE_TASKS names. It returns the command's exit code, 128+n for signal n.
//
// srun's own exit code does not say how each rank ended: with -K1 it is 143
// whatever the rank that failed returned, and after a node failure it can be 0.
func Task(argv, environ []string) int {
	env := newEnviron(environ)
	heard := make(chan os.Signal, 8)
	signal.Notify(heard, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(heard)
	code, used, err := runTask(argv, environ, heard, reachesAll(env))
	if err != nil {
		fmt.Fprintf(os.Stderr, "runpipe: %v\n", err)
	}
	if err := writeTask(env, code, used); err != nil {
		fmt.Fprintf(os.Stderr, "runpipe: recording how a task ended: %v\n", err)
		return nonZero(code, exitFailed)
	}
	return code
}

// runTask runs the command. Slurm signals the first process of a task, which is
// this one: the signal is passed on unless the command was sent it too.
func runTask(argv, environ []string, heard <-chan os.Signal, reachesAll bool) (int, *record.Usage, error) {
	if len(argv) == 0 {
		return exitFailed, nil, errors.New("there is no command to run")
	}
	if err := adopt(); err != nil {
		return exitFailed, nil, err
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	g, err := startGroup(cmd)
	if err != nil {
		code := 126
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			code = 127
		}
		return code, nil, fmt.Errorf("starting the task: %w", err)
	}
	told := false
	tell := func(s os.Signal) {
		n, _ := s.(syscall.Signal)
		told = told || n == syscall.SIGTERM || n == syscall.SIGINT
		if !reachesAll {
			g.forward(n)
		}
	}
	for running := true; running; {
		select {
		case s := <-heard:
			tell(s)
		case <-g.ended:
			running = false
		}
	}
	select {
	case s := <-heard:
		tell(s)
	case <-time.After(g.late()):
	}
	if told {
		<-g.empty // a wrapper that died at once leaves a trainer that is saving its state
	}
	return exitCode(g.status), g.usage(), nil
}

// writeTask leaves the rank's record.
func writeTask(env environ, code int, used *record.Usage) error {
	rank, err := strconv.Atoi(env["SLURM_PROCID"])
	if err != nil {
		return fmt.Errorf("SLURM_PROCID is %q: a task is started by srun", env["SLURM_PROCID"])
	}
	folder := env[tasksVariable]
	if folder == "" {
		return fmt.Errorf("%s is not set: a task is started within a job of runpipe", tasksVariable)
	}
	task := record.Task{Rank: rank, Node: env["SLURMD_NODENAME"], ExitCode: code, Usage: used}
	if code > 128 && code < 128+65 {
		task.Signal = signalName(syscall.Signal(code - 128))
	}
	return workspace.WriteJSON(taskFile(folder, rank), task)
}

func taskFile(folder string, rank int) string {
	return filepath.Join(folder, fmt.Sprintf("task-%d.json", rank))
}
