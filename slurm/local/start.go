package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/runpipe/runpipe/slurm"
)

// inheritedVariable tells a new scheduler which file descriptor is its first
// connection: a socket pair whose other end its submitter holds.
const inheritedVariable = "RUNPIPE_LOCAL_SOCKET"

// wake tells a living scheduler to look at the folder again.
func (e *Executor) wake(ctx context.Context) error {
	for {
		conn, err := e.folder.dial(ctx)
		if errors.Is(err, errNoScheduler) {
			return e.settled(ctx)
		}
		if err != nil {
			return err
		}
		if done, err := e.tell(ctx, conn); done || err != nil {
			return err
		}
	}
}

// settled is for a folder on whose socket no one answers. A scheduler that is
// just ending is waited for; it starts nothing more.
func (e *Executor) settled(ctx context.Context) error {
	deadline := time.Now().Add(5 * time.Second)
	for {
		st, life, err := e.folder.readLiveState()
		switch {
		case err != nil:
			return err
		case life == foreign:
			return fmt.Errorf("the jobs of this run are in the hands of the scheduler on %s: ask there", st.Scheduler.Host)
		case life != alive:
			return errNoScheduler
		case time.Now().After(deadline):
			return fmt.Errorf("the scheduler (process %d) lives and does not answer", st.Scheduler.PID)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond): // its last write is done; the process is about to go
		}
	}
}

// handOver gives everything that stands in the folder to the scheduler, which
// it starts if none lives.
func (e *Executor) handOver(ctx context.Context) error {
	const attempts = 20 // each lost to a scheduler that another submitter starts or that just ends
	for range attempts {
		err := e.wake(ctx)
		if !errors.Is(err, errNoScheduler) {
			return err
		}
		conn, ended, err := e.start()
		if err != nil {
			return fmt.Errorf("starting the scheduler: %w", err)
		}
		if done, err := e.tell(ctx, conn); done || err != nil {
			return err
		}
		if err := <-ended; err != nil {
			return fmt.Errorf("the scheduler ended before it had taken over (%w): see %s", err, e.folder.log())
		}
	}
	return errors.New("schedulers of this run start and end at the same time: try again")
}

// tell hands over what is only in memory. done is false if the scheduler ended,
// or left the folder to another one, before it had taken notice.
func (e *Executor) tell(ctx context.Context, conn net.Conn) (done bool, err error) {
	a, err := tell(ctx, conn, message{Env: e.env, KillWait: e.options.KillWait, Machine: e.machine})
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE):
		return false, nil
	case errors.Is(err, os.ErrDeadlineExceeded): // a machine that is overloaded
		return false, fmt.Errorf("%w: talking to the scheduler: %w", slurm.ErrUnreachable, err)
	case err != nil:
		return false, fmt.Errorf("talking to the scheduler: %w", err)
	case a.Error != "":
		return false, errors.New("the scheduler: " + a.Error)
	case a.Busy:
		return false, nil
	}
	clear(e.env)
	return true, nil
}

// start starts a scheduler in a session of its own, so that it survives this
// process and its terminal. ended tells how it ended, should it do so first.
func (e *Executor) start() (conn net.Conn, ended <-chan error, err error) {
	if len(e.options.Serve) == 0 {
		return nil, nil, errors.New("no program is set that serves the local jobs")
	}
	if err := os.MkdirAll(e.folder.root, 0o700); err != nil {
		return nil, nil, err
	}
	log, err := os.OpenFile(e.folder.log(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	defer log.Close()
	conn, theirs, err := socketPair()
	if err != nil {
		return nil, nil, err
	}
	defer theirs.Close()
	command := exec.Command(e.options.Serve[0], e.options.Serve[1:]...)
	command.Stdout, command.Stderr = log, log
	command.ExtraFiles = []*os.File{theirs} // becomes descriptor 3
	command.Env = append(os.Environ(), inheritedVariable+"="+strconv.Itoa(3))
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	result := make(chan error, 1)
	go func() { result <- command.Wait() }() // a zombie would look alive to others
	return conn, result, nil
}

// socketPair returns both ends of a connection, the second one to be inherited.
func socketPair() (net.Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("making a socket pair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "submitter"), os.NewFile(uintptr(fds[1]), "scheduler")
	conn, err := net.FileConn(ours)
	ours.Close()
	if err != nil {
		theirs.Close()
		return nil, nil, fmt.Errorf("making a socket pair: %w", err)
	}
	return conn, theirs, nil
}

// inherited returns the connection that a submitter left to this process when it
// started it, or nil. Processes started from here on do not inherit it.
func inherited() (net.Conn, error) {
	text := os.Getenv(inheritedVariable)
	if text == "" {
		return nil, nil
	}
	os.Unsetenv(inheritedVariable)
	fd, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("%s is %q, which is no descriptor", inheritedVariable, text)
	}
	file := os.NewFile(uintptr(fd), "submitter")
	conn, err := net.FileConn(file) // a copy, closed on exec
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("taking over the submitter's connection: %w", err)
	}
	return conn, nil
}
