package supervise

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
)

// TestMain lets the test binary stand in for runpipe: job.sh calls it as
// `… exec`, `… task` and `… checkout`.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "exec":
			os.Exit(execMain(os.Args[2:]))
		case "task":
			os.Exit(Task(os.Args[2:], os.Environ()))
		case "checkout":
			os.Exit(checkoutMain(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

// shortened is what a test changes of a supervisor's options; it travels in
// the environment, of which nothing reaches the command.
type shortened struct {
	Timing Timing
	Site   Site
}

const shortenedVariable = "SUPERVISE_TEST_OPTIONS"

func execMain(args []string) int {
	flags := flag.NewFlagSet("exec", flag.ExitOnError)
	sum := flags.String("sha256", "", "")
	flags.Parse(args)
	var s shortened
	if text := os.Getenv(shortenedVariable); text != "" {
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 99
		}
	}
	return Exec(ExecOptions{
		Manifest: flags.Arg(0), SHA256: *sum, Script: flags.Arg(1), Environ: os.Environ(),
		Stdout: os.Stdout, Stderr: os.Stderr, Timing: s.Timing, Site: s.Site,
	})
}

func checkoutMain(args []string) int {
	o := CheckoutOptions{Repository: args[0], Commit: args[1], Digest: args[2], Dest: args[3], Out: os.Stdout}
	if err := Checkout(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return failureOf(err).code
	}
	return 0
}
