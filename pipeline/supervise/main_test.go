package supervise

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
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
		case "trainer":
			os.Exit(trainerMain(os.Args[2]))
		}
	}
	os.Exit(m.Run())
}

// shortened is what a test changes of a supervisor's options; a file holds it
// that the environment names, of which nothing reaches the command.
type shortened struct {
	Timing Timing
	Site   Site
	Failed string // file to make when the stage has failed
}

const optionsFileVariable = "SUPERVISE_TEST_OPTIONS"

func readOptions(path string, s *shortened) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, s)
}

func execMain(args []string) int {
	flags := flag.NewFlagSet("exec", flag.ExitOnError)
	sum := flags.String("sha256", "", "")
	flags.Parse(args)
	var s shortened
	if path := os.Getenv(optionsFileVariable); path != "" {
		if err := readOptions(path, &s); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 99
		}
	}
	failed := func(*workspace.Workspace, record.Record) error {
		if s.Failed == "" {
			return nil
		}
		return os.WriteFile(s.Failed, nil, 0o600)
	}
	return Exec(ExecOptions{
		Manifest: flags.Arg(0), SHA256: *sum, Script: flags.Arg(1), Environ: os.Environ(),
		Stdout: os.Stdout, Stderr: os.Stderr, Timing: s.Timing, Site: s.Site, Failed: failed,
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

// trainerMain stands in for a trainer that saves its state at a SIGTERM: it
// says that it is up, waits for the signal, and then takes a while, in
// which it counts further ones. The count is what it saves.
func trainerMain(folder string) int {
	heard := make(chan os.Signal, 16)
	signal.Notify(heard, syscall.SIGTERM)
	name := filepath.Join(folder, "trainer-"+os.Getenv("SLURM_PROCID"))
	if err := os.WriteFile(name+".up", nil, 0o600); err != nil {
		return 98
	}
	<-heard
	time.Sleep(1500 * time.Millisecond)
	if err := os.WriteFile(name, fmt.Appendf(nil, "%d", 1+len(heard)), 0o600); err != nil {
		return 98
	}
	return 0
}
