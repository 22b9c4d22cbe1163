package supervise

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"

	"github.com/runpipe/runpipe/pipeline/record"
)

// runCommand runs the script again, this time for its command, and tells
// whether it came to a good end.
func (j *job) runCommand(ctx context.Context) error {
	if j.resumed {
		return nil
	}
	if err := adopt(); err != nil {
		return err
	}
	if err := j.prepareTasks(); err != nil {
		return err
	}
	memory := watchMemory("/proc/self/cgroup", "/sys/fs/cgroup", j.manifest.Executor == "slurm")
	if err := j.recorder.save(); err != nil {
		return fmt.Errorf("writing the record: %w", err)
	}
	sampler := j.sampleGPUs()
	g, code, err := j.runScriptWithController(ctx)
	sampler.stop()
	endLeftovers(j.options.Timing.Leftover, j.say)
	j.recordUse(g, sampler)
	if err != nil {
		return err
	}
	if err := j.judgeEnd(code, memory); err != nil {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause // the signal came before the end: not a success, whatever the command says
	}
	return j.markEnded()
}

// runScript runs the script to its end, and the end of all of its group if it
// was told to go. The exit code is the command's, 128+n for a signal.
func (j *job) runScript(ctx context.Context) (*group, int, error) {
	cmd := exec.Command("/bin/bash", j.options.Script)
	cmd.Dir = j.start()
	cmd.Env = append(j.environ.list(), "PWD="+j.start())
	cmd.Stdout, cmd.Stderr = j.options.Stdout, j.options.Stderr
	g, err := startGroup(cmd)
	if err != nil {
		return nil, 0, fmt.Errorf("starting the command: %w", err)
	}
	select {
	case <-g.ended:
		if j.signals.came(g.late()) {
			<-ctx.Done()
		}
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		if signal := j.toForward(ctx); signal != 0 {
			g.forward(signal)
		}
		<-g.ended
		<-g.empty // a shell that dies at once leaves a trainer that is saving its state
	}
	code := exitCode(g.status)
	j.recorder.change(func(r *record.Record) {
		r.ExitCode = &code
		if g.status.Signaled() && r.Signal == "" {
			r.Signal = signalName(g.status.Signal())
		}
	})
	return g, code, nil
}

// toForward is the signal that the command is to be sent, or 0 where the
// scheduler has sent it to all processes of the job itself.
func (j *job) toForward(ctx context.Context) syscall.Signal {
	var i interruption
	if !errors.As(context.Cause(ctx), &i) {
		return syscall.SIGTERM // the claim was lost
	}
	if j.manifest.Executor != "local" && reachesAll(j.outer) {
		return 0
	}
	signal, _ := i.signal.(syscall.Signal)
	return signal
}

// judgeEnd says whether the command came to a good end: 0 of the script and of
// every rank, and no process of the job killed for lack of memory.
func (j *job) judgeEnd(code int, memory *memoryWatch) error {
	tasks, taskErr := j.readTasks(code == 0)
	j.recorder.change(func(r *record.Record) { r.Tasks = tasks })
	rank := firstFailed(tasks)
	if grown, own := memory.killed(); own || grown && code != 0 {
		return ended(nonZero(code, 137), "a process of the job was killed for lack of memory: raise resources.memory")
	}
	if rank != nil {
		j.recorder.change(func(r *record.Record) { r.ExitCode = &rank.ExitCode })
		return ended(rank.ExitCode, "rank %d on %s ended with exit code %d", rank.Rank, rank.Node, rank.ExitCode)
	}
	if code != 0 {
		return ended(code, "%s", j.explain(code))
	}
	if taskErr == nil && j.nodeFailed() {
		return ended(exitFailed, "a node of the job failed, and with it what ran there, though srun ended with exit code 0")
	}
	return taskErr
}

func nonZero(code, otherwise int) int {
	if code == 0 {
		return otherwise
	}
	return code
}
