package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
)

// What runs is a commit: changes that are in none are refused, and nothing is
// submitted, until they are committed or asked for.
func TestUncommittedChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		first := p.repository("code", chainCode())
		p.write("mnist.hcl", chain)
		p.write("code/train.sh", strings.Replace(chainCode()["train.sh"], "one", "two", 1))
		p.write("code/notes/plan.txt", "new")
		for _, verb := range []string{"apply", "plan", "lock"} {
			r := p.gets(1, "runpipe", verb, "mnist.hcl")
			p.has(r.stderr, "Uncommitted changes", "mnist.hcl:12", "notes/plan.txt, train.sh", "--allow-dirty")
		}
		if _, err := os.Stat(filepath.Join(p.dir, ".runpipe/runs")); !os.IsNotExist(err) {
			t.Errorf("something was submitted: %v", err)
		}

		r := p.gets(0, "runpipe", "apply", "--allow-dirty", "mnist.hcl")
		p.has(r.stdout, "main with uncommitted changes →", "Dirty:", "dirty")
		st, stages := p.status("")
		p.has(p.read(stages["train.cnn"].Log), "version two")
		if !st.Dirty || !stages["clone.code"].Dirty || !stages["evaluate.accuracy"].Dirty {
			t.Errorf("the run is not marked as dirty: %+v", stages)
		}
		var rec record.Record
		p.must(json.Unmarshal([]byte(p.read(filepath.Join(filepath.Dir(stages["evaluate.accuracy"].Log), record.File))), &rec))
		if !rec.Dirty {
			t.Error("the record does not say that what ran was not committed")
		}
		p.has(p.gets(0, "runpipe", "status").stdout, "dirty")
		p.has(p.gets(0, "runpipe", "show", "train.cnn").stdout, "was not committed")
		if _, err := os.Stat(filepath.Join(p.dir, "mnist.lock.hcl")); !os.IsNotExist(err) {
			t.Errorf("a private commit is in the lock file: %v", err)
		}
		if got := p.git("code", "rev-parse", "HEAD"); got != first || !strings.Contains(p.git("code", "status", "--porcelain"), "M train.sh") {
			t.Errorf("the repository was touched: %s", p.git("code", "status"))
		}

		// The same code, committed: nothing runs, and nothing is dirty.
		p.commit("code", "Move on")
		r = p.gets(0, "runpipe", "apply", "mnist.hcl")
		p.has(r.stdout, "Plan: 0 to run, 4 reused.")
		p.has(r.stderr, "is on no remote")
		if st, _ := p.status(""); st.Dirty {
			t.Error("what is committed is called dirty")
		}
		p.has(p.read("mnist.lock.hcl"), p.git("code", "rev-parse", "HEAD"))
		p.nothingQueued()
	})
}

// A pin whose commit and tree are of two commits, as after a careless merge: what would
// be told to have run is not what would run.
func TestAPinOfTwoCommits(t *testing.T) {
	p := newPerson(t, nil)
	first := p.repository("code", chainCode())
	p.write("mnist.hcl", chain)
	p.gets(0, "runpipe", "lock", "mnist.hcl")
	p.write("code/train.sh", strings.Replace(chainCode()["train.sh"], "one", "two", 1))
	p.commit("code", "Move on")
	p.gets(0, "runpipe", "lock", "--upgrade", "mnist.hcl")
	p.gets(0, "runpipe", "apply", "mnist.hcl")
	p.write("mnist.lock.hcl", strings.Replace(p.read("mnist.lock.hcl"), p.git("code", "rev-parse", "HEAD"), first, 1))
	p.has(p.gets(1, "runpipe", "plan", "mnist.hcl").stderr, "mnist.hcl:12", "Damaged lock file", "commit "+first[:7]+" holds")
}

// The lock file, the workspace and the pipeline itself may be edited in the
// repository that they are in; what the paths leave out does not matter.
func TestChangesThatDoNotCount(t *testing.T) {
	p := newPerson(t, nil)
	p.repository(".", chainCode())
	p.write("mnist.hcl", strings.Replace(chain, `"code"
  ref        = "main"`, `"."`, 1))
	p.gets(0, "runpipe", "lock", "mnist.hcl")
	p.write("mnist.hcl", p.read("mnist.hcl")+"\n# edited\n")
	p.gets(0, "runpipe", "apply", "mnist.hcl")
	p.has(p.gets(0, "runpipe", "plan", "mnist.hcl").stdout, "Plan: 0 to run, 4 reused.")
	p.write("notes.txt", "a thought")
	p.has(p.gets(1, "runpipe", "plan", "mnist.hcl").stderr, "notes.txt.")
	p.write("mnist.hcl", strings.Replace(p.read("mnist.hcl"), `"."`, "\".\"\n  paths = [\"prepare.sh\", \"train.sh\", \"evaluate.sh\"]", 1))
	p.gets(0, "runpipe", "plan", "mnist.hcl")
}
