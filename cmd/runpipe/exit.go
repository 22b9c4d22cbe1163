package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// exitStatus is the one place where an error becomes an exit status.
func exitStatus(err error) int {
	var wrong *usageError
	var outcome *outcomeError
	var job *jobError
	var interrupted *interruptedError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &job):
		return job.status
	case errors.As(err, &wrong):
		return 2
	case errors.As(err, &outcome):
		return outcome.status // 3 or 4: see run.Status.ExitCode
	case errors.Is(err, errUnformatted):
		return 3
	case errors.Is(err, errLocked):
		return 5
	case errors.As(err, &interrupted), errors.Is(err, context.Canceled):
		return 130
	}
	return 1
}

// usageError is a command line that says nothing sensible.
type usageError struct {
	text string
	verb string // command path, for the pointer to --help
}

func (e *usageError) Error() string { return e.text }

func usage(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...), cmd.CommandPath()}
}

// outcomeError is a run that did not end well. The summary has told so.
type outcomeError struct{ status int }

func (e *outcomeError) Error() string { return "the run did not succeed" }

// interruptedError is a verb that a signal has ended. The text is what is still
// to be said, or "".
type interruptedError struct{ text string }

func (e *interruptedError) Error() string { return "interrupted: " + e.text }

// The errors about which all is said where they are met.
var (
	errTold        = errors.New("told already")
	errUnformatted = errors.New("files are not in canonical format")
	errLocked      = errors.New("the lock file would have to change")
)

// tell writes what is still to be said about an error to stderr.
func (a *app) tell(err error) {
	var wrong *usageError
	var outcome *outcomeError
	var job *jobError
	var interrupted *interruptedError
	switch {
	case err == nil, errors.Is(err, errTold), errors.Is(err, errUnformatted), errors.Is(err, errLocked):
	case errors.As(err, &outcome): // the summary
	case errors.As(err, &job): // its record and its log
	case errors.As(err, &interrupted):
		if interrupted.text != "" {
			a.err.Over() // the ^C that the terminal has echoed
			a.err.Problem(interrupted.text)
		}
	case errors.As(err, &wrong):
		a.err.Problem(wrong.text)
		a.err.Say(fmt.Sprintf("See '%s --help'.", wrong.verb))
	case errors.Is(err, context.Canceled):
		a.err.Say("Interrupted.")
	default:
		a.err.Problem(err.Error())
		if more := a.elsewhere(err); more != "" {
			a.err.Say(more)
		}
	}
}

// elsewhere says how to do without a workspace that cannot be written.
func (a *app) elsewhere(err error) string {
	root, fault := a.root()
	var where *fs.PathError
	if fault != nil || !errors.As(err, &where) || !strings.HasPrefix(where.Path, root) {
		return ""
	}
	for _, cause := range []error{fs.ErrPermission, syscall.EROFS, syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, cause) {
			return "The workspace is " + root + "; --workspace DIR, or RUNPIPE_WORKSPACE, keeps it in another folder."
		}
	}
	return ""
}

// statuses says what a verb's exit statuses mean.
type statuses map[int]string

const statusKey = "exit statuses"

// annotation carries the statuses to the verb's help.
func (s statuses) annotation() map[string]string {
	var b strings.Builder
	for _, code := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&b, "  %-4d %s\n", code, s[code])
	}
	return map[string]string{statusKey: strings.TrimRight(b.String(), "\n")}
}
