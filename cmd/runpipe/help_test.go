package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
)

// testApp is an app whose output goes to buffers.
func testApp() (a *app, out, err *bytes.Buffer) {
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	a = newApp(os.Stdin, os.Stdout, os.Stderr, []string{"LC_ALL=C.UTF-8", "RUNPIPE_EXECUTOR=local"})
	a.out, a.err = &view.Screen{Writer: out, Unicode: true}, &view.Screen{Writer: err, Unicode: true}
	return a, out, err
}

// Every verb that a person sees has a long help, an example of itself and its
// exit statuses, and fits 100 columns.
func TestHelp(t *testing.T) {
	a, _, _ := testApp()
	status := regexp.MustCompile(`(?m)^  \d+ +\S`)
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			check(sub)
		}
		if cmd.Hidden || cmd.Name() == "help" {
			return
		}
		app, out, errs := testApp()
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		if code := app.main(t.Context(), args); code != 0 {
			t.Errorf("%v: exit status %d: %s", args, code, errs)
		}
		text := out.String()
		_, exits, found := strings.Cut(text, "\nExit status:\n")
		if !found || len(status.FindAllString(exits, -1)) < 2 || !strings.Contains(exits, "  2    wrong usage") {
			t.Errorf("%v does not list its exit statuses:\n%s", args, text)
		}
		if !strings.Contains(text, "Examples:\n  runpipe") && !strings.Contains(text, "source <(runpipe completion") {
			t.Errorf("%v has no example:\n%s", args, text)
		}
		if cmd.Long == "" {
			t.Errorf("%v has no long help", args)
		}
	}
	check(newRoot(a))
}

// A text is broken anew only where the terminal is narrower.
func TestFitted(t *testing.T) {
	const text = "one two\nthree four\n\n  a list of words\n\nfive"
	for columns, want := range map[int]string{
		0:  text,
		16: text,
		9:  "one two\nthree\nfour\n\n  a list of words\n\nfive",
		4:  "one\ntwo\nthree\nfour\n\n  a list of words\n\nfive",
	} {
		if got := fitted(columns, text); got != want {
			t.Errorf("%d columns: %q, want %q", columns, got, want)
		}
	}
}

// The statuses of the contract, each from the error that means it.
func TestExitStatus(t *testing.T) {
	for want, errs := range map[int][]error{
		0:   {nil},
		1:   {errTold, errors.New("anything")},
		2:   {&usageError{text: "?", verb: "runpipe"}},
		3:   {&outcomeError{3}, errUnformatted},
		4:   {&outcomeError{4}},
		5:   {errLocked},
		7:   {&jobError{7}},
		130: {&interruptedError{}, context.Canceled, fmt.Errorf("fetching: %w", context.Canceled)},
	} {
		for _, err := range errs {
			if got := exitStatus(err); got != want {
				t.Errorf("exitStatus(%v) = %d, want %d", err, got, want)
			}
		}
	}
}
