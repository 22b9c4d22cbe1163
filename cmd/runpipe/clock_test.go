package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// skewed is the clock of this process, which a file beside the workspace may set
// apart for a node, as clock-n1 with "4m", and clock-login for the submitter's.
func skewed() func() time.Time {
	node := os.Getenv("SLURMD_NODENAME")
	dir, _ := os.Getwd() // "" has no such file
	if self, err := os.Executable(); err == nil && node != "" {
		dir = filepath.Join(filepath.Dir(self), "../..")
	} else {
		node = "login"
	}
	text, err := os.ReadFile(filepath.Join(dir, "clock-"+node))
	by, wrong := time.ParseDuration(string(text))
	if err != nil || wrong != nil {
		return time.Now
	}
	return func() time.Time { return time.Now().Add(by) }
}

// Nodes and a login node whose clocks are minutes apart.
func TestSkewedClocks(t *testing.T) {
	t.Parallel() // it waits most of the time
	for login, by := range map[string]string{"ahead": "4m", "behind": "-4m"} {
		t.Run("login_"+login, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t, slurmtest.Shared(t))
			p.write("clock-n1", "-4m")
			p.write("clock-n2", "4m")
			p.write("clock-login", by)
			marks := filepath.Join(p.dir, "marks")
			chain := gatedChain(marks, "", "nice = 0")
			for _, node := range []string{"n1", "n2", "n1"} {
				chain = strings.Replace(chain, "  script", fmt.Sprintf("  slurm { nodelist = %q }\n  SCRIPT", node), 1)
			}
			p.write("chain.hcl", strings.ReplaceAll(chain, "SCRIPT", "script"))
			p.gets(0, "runpipe", "apply", "chain.hcl")
			first, stages := p.status("")
			if first.State != run.Succeeded || first.Ended.Before(first.Created) {
				t.Errorf("the run is %s, from %s to %s", first.State, first.Created, first.Ended)
			}
			for address, s := range stages {
				if took := s.Ended.Sub(*s.Started); took < 0 || took > time.Minute {
					t.Errorf("%s took %s", address, took)
				}
			}
			if apart := stages["stage.middle"].Started.Sub(*stages["stage.head"].Started); apart < 7*time.Minute {
				t.Fatalf("the clocks of the nodes are %s apart: there is no skew to be borne", apart)
			}
			p.has(p.gets(0, "runpipe", "apply", "chain.hcl").stderr, "No changes")

			// A later run from a login node whose clock is right, or was set back.
			p.must(os.Remove(filepath.Join(p.dir, "clock-login")))
			p.gets(0, "runpipe", "apply", "--rerun", "stage.tail", "chain.hcl")
			if last, _ := p.status(""); last.Run <= first.Run || last.State != run.Succeeded {
				t.Errorf("after %s the newest run is %s, %s", first.Run, last.Run, last.State)
			}

			// A job that leaves no last record, on the node that is ahead.
			p.write("clock-login", by)
			p.write("chain.hcl", strings.Replace(gatedChain(marks+"2", "head", "nodelist = \"n2\""), "this is", "this once is", -1))
			p.gets(0, "runpipe", "apply", "--detach", "chain.hcl")
			b := &bad{person: p, marks: marks + "2"}
			b.awaitStarts("head", 1)
			st, _ := p.status("")
			b.id = st.Run
			b.must(syscall.Kill(b.supervisor(b.starts("head")[0]), syscall.SIGKILL))
			s := b.awaitState("head", run.Failed)
			if s.Ended.Before(*s.Started) {
				t.Errorf("head ran from %s to %s", s.Started, s.Ended)
			}
			b.is("tail", run.Skipped, 0)
			b.whole()
		})
	}
}
