package main

import (
	"fmt"

	"github.com/runpipe/runpipe/pipeline/run"
)

// submitter is what this process knows of a submission.
func (a *app) submitter() run.Submitter {
	return run.Submitter{Environ: a.environ, Notice: a.notice, Step: a.step}
}

// notice tells, while something takes long, why.
func (a *app) notice(text string) { a.err.Say(text) }

// yesNo is a flag whose value is written as Slurm writes it.
type yesNo bool

// String is "yes" or "no".
func (y *yesNo) String() string {
	if *y {
		return "yes"
	}
	return "no"
}

// Set reads "yes" or "no".
func (y *yesNo) Set(text string) error {
	switch text {
	case "yes", "no":
		*y = text == "yes"
		return nil
	}
	return fmt.Errorf("it is yes or no")
}

// Type is what the help calls the value.
func (*yesNo) Type() string { return "yes or no" }
