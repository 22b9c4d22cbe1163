package supervise

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/runpipe/runpipe/pipeline/record"
	"golang.org/x/sys/unix"
)

// The exit codes of a job that did not fail by its command.
const (
	exitFailed = 1
	exitCheck  = 4
	exitDrift  = 5
)

// failure is why a stage did not succeed.
type failure struct {
	state record.State
	code  int    // exit code of the job
	step  string // "" is the step that was under way
	err   error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// drift says that what the job found is not what was submitted.
func drift(format string, args ...any) error {
	return &failure{state: record.Drift, code: exitDrift, err: fmt.Errorf(format, args...)}
}

// ended says that the command came to a bad end, with an exit code for the job.
func ended(code int, format string, args ...any) error {
	return &failure{state: record.Failed, code: code, err: fmt.Errorf(format, args...)}
}

// interruption says that a signal reached the job.
type interruption struct{ signal os.Signal }

func (i interruption) Error() string {
	return fmt.Sprintf("ended by %s: cancelled, out of time, preempted or requeued, as the scheduler says", signalName(i.signal))
}

// errMade says that there is nothing left to do: the store has the result.
var errMade = errors.New("already made")

// failureOf makes every error a failure.
func failureOf(err error) *failure {
	var f *failure
	var i interruption
	switch {
	case errors.As(err, &f):
		return &failure{state: f.state, code: f.code, step: f.step, err: err} // with all that was wrapped around it
	case errors.As(err, &i):
		return &failure{state: record.Interrupted, code: 128 + number(i.signal), err: err}
	}
	return &failure{state: record.Failed, code: exitFailed, err: err}
}

func number(s os.Signal) int {
	n, _ := s.(syscall.Signal)
	return int(n)
}

// signalName is the signal's name as kill(1) lists it, SIGTERM.
func signalName(s os.Signal) string {
	n, _ := s.(syscall.Signal)
	if name := unix.SignalName(n); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(n))
}
