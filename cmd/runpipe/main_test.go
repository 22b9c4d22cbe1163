package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/runpipe/runpipe/slurm/slurmtest"
)

var update = flag.Bool("update", false, "write golden output anew")

// TestMain makes this binary runpipe wherever it goes by that name: on the PATH
// of scripts, and as the copy in a workspace that jobs execute; and under any
// name when it is given a verb, which go test never does. Otherwise a runpipe
// that starts itself again would start all tests again.
func TestMain(m *testing.M) {
	verb := len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-")
	if verb && filepath.Base(os.Args[0]) != "runpipe" || strings.HasPrefix(filepath.Base(os.Args[0]), "runpipe-") {
		mainWithFaults()
	}
	testscript.Main(tests{m}, map[string]func(){"runpipe": mainWithFaults})
}

// tests are those of this package, with the cluster that they share.
type tests struct{ m *testing.M }

func (t tests) Run() int { return slurmtest.Main(t.m) }

// TestScripts runs the command line as a person does. Golden output stands in
// the scripts themselves; -update writes it anew.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("LC_ALL", "C.UTF-8")
			env.Setenv("TZ", "UTC")
			env.Vars = append(env.Vars, noRaceSleep)
			env.Setenv("RUNPIPE_EXECUTOR", "local")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a command, and wants it to end with the given status: exits 3 runpipe apply f.hcl
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}
