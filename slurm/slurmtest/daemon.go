package slurmtest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// daemon is a child process that is expected to stay.
type daemon struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended and was waited for
	err  error         // valid once done is closed
}

func (d *daemon) ended() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// kill ends the daemon for good; one that is stopped dies too.
func (d *daemon) kill() {
	_ = d.cmd.Process.Kill() // the only fault there is: it has ended
	<-d.done
}

func (d *daemon) signal(sig syscall.Signal) error {
	if err := d.cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("signalling %s: %w", d.name, err)
	}
	return nil
}

// keeper starts daemons from one operating system thread that lives as long as
// they do: the kernel's "die with your parent" is about the parent's thread
// (prctl(2), PR_SET_PDEATHSIG), and Go ends threads when it likes. Thus a test
// binary that is killed takes its cluster along.
type keeper struct{ work chan func() }

func newKeeper() *keeper {
	k := &keeper{work: make(chan func())}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for task := range k.work {
			task()
		}
	}()
	return k
}

func (k *keeper) stop() { close(k.work) }

func (k *keeper) start(cmd *exec.Cmd) (*daemon, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	d := &daemon{name: filepath.Base(cmd.Path), cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	k.work <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", d.name, err)
	}
	go func() {
		d.err = cmd.Wait()
		close(d.done)
	}()
	return d, nil
}
