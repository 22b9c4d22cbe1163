package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/compare"
)

// judged is `reproduce --json`.
func (p *person) judged(code int, words ...string) (view.Reproduction, map[string]compare.Judged) {
	p.Helper()
	var r view.Reproduction
	p.must(json.Unmarshal([]byte(p.gets(code, append([]string{"runpipe", "reproduce", "--json"}, words...)...).stdout), &r))
	stages := map[string]compare.Judged{}
	for _, s := range r.Stages {
		stages[s.Address] = s
	}
	return r, stages
}

// A run is made again when the pipeline, its lock and the commit on its branch are
// gone, and a file from beside the pipeline is another.
func TestReproduceNeedsNothingButTheRun(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		p.repository("code", chainCode())
		p.write("labels.txt", "zero one two\n")
		p.write("mnist.hcl", strings.Replace(chain, "  outputs = { data", "  files   = { \"labels.txt\" = \"labels.txt\" }\n  outputs = { data", 1))
		p.gets(0, "runpipe", "apply", "--name", "one", "mnist.hcl")
		before, _ := filepath.Glob(filepath.Join(p.dir, ".runpipe/store/*"))
		_, stages := p.status("one")
		model := stages["train.cnn"].Outputs["model"]
		info, err := os.Stat(model)
		p.must(err)

		p.must(os.Remove(filepath.Join(p.dir, "mnist.hcl")))
		p.must(os.Remove(filepath.Join(p.dir, "mnist.lock.hcl")))
		p.must(os.RemoveAll(filepath.Join(p.dir, "code")))
		p.write("labels.txt", "another\n")

		r, judged := p.judged(0, "one")
		if r.Verdict != compare.Identical || judged["train.cnn"].Verdict != compare.Identical {
			t.Errorf("the verdict: %+v", r)
		}
		p.has(p.read(filepath.Join(r.Folder, "stages/train.cnn/attempt-1/log")), "version one, data digits, seed 1") // it did run
		after, _ := filepath.Glob(filepath.Join(p.dir, ".runpipe/store/*"))
		if strings.Join(before, " ") != strings.Join(after, " ") {
			t.Errorf("the store holds %v, and held %v", after, before)
		}
		if now, err := os.Stat(model); err != nil || !now.ModTime().Equal(info.ModTime()) {
			t.Errorf("the model of the run was touched: %v", err)
		}
		p.gets(0, "runpipe", "verify", "one")
		p.nothingQueued()
	})
}

// noisy is a training that comes out otherwise each time, and an evaluation that
// measures it. Its numbers come from a file that the test writes.
const noisy = `
train "net" {
  script    = "cat '%s' > model"
  outputs   = { model = "model" }
}
evaluate "accuracy" {
  command   = ["cat", train.net.outputs.model]
  metric "accuracy" { pattern = "accuracy: ([0-9.]+)" }
  tolerance = { accuracy = 0.01 }
}
`

func TestTheVerdictsOfAReproduction(t *testing.T) {
	p := newPerson(t, nil)
	chance := filepath.Join(p.dir, "chance")
	measures := func(number string) { p.write("chance", "accuracy: "+number+"\n") }
	p.write("noisy.hcl", strings.Replace(noisy, "%s", chance, 1))
	measures("0.970")
	p.gets(0, "runpipe", "apply", "--name", "one", "noisy.hcl")

	r, _ := p.judged(0, "one")
	if r.Verdict != compare.Identical || !r.Reproduced {
		t.Errorf("the same: %+v", r)
	}
	measures("0.965")
	r, stages := p.judged(0, "one")
	if r.Verdict != compare.WithinTolerance || stages["train.net"].Verdict != compare.WithinTolerance || !strings.Contains(stages["train.net"].Reasons[1], "evaluate.accuracy") {
		t.Errorf("near: %+v", r)
	}
	near := r.Folder
	p.has(p.gets(4, "runpipe", "reproduce", "--tolerance", "accuracy=0.001", "--by", near, "one").stdout, "DIFFERENT", "accuracy 0.97 → 0.965, not within 0.001")
	p.gets(0, "runpipe", "reproduce", "--tolerance", "accuracy=1%", "--by", near, "one")
	p.gets(2, "runpipe", "reproduce", "--tolerance", "accuracy=near", "--by", near, "one")

	measures("0.9")
	if r, _ = p.judged(4, "one"); r.Verdict != compare.Different {
		t.Errorf("far: %+v", r)
	}
	// The same numbers on another machine: what drifted comes first.
	record := filepath.Join(near, "stages/train.net/attempt-1/record.json")
	p.must(os.WriteFile(record, []byte(strings.Replace(p.read(record), `"libc": "`, `"libc": "9.`, 1)), 0o600))
	r, _ = p.judged(4, "--tolerance", "accuracy=0", "--by", near, "one")
	if r.Verdict != compare.Drifted || len(r.Drift) != 1 || r.Drift[0].Name != "libc" {
		t.Errorf("on another machine: %+v", r)
	}
	p.must(os.Remove(chance))
	if r, stages = p.judged(4, "one"); r.Verdict != compare.Failed || stages["evaluate.accuracy"].Verdict != compare.Failed {
		t.Errorf("failed: %+v", r)
	}
	p.has(p.gets(1, "runpipe", "reproduce", near+"-x").stderr, "is not the folder of a run")
}

// Equal numbers do not make a repetition: of another command, or of nothing at all.
func TestWhatARunThatIsHeldAgainstWasAskedFor(t *testing.T) {
	p := newPerson(t, nil)
	honest := "evaluate \"a\" {\n  script = \"echo score: $((40 + 2))\"\n  metric \"score\" { pattern = \"score: (.*)\" }\n}\n"
	p.write("p.hcl", honest)
	p.gets(0, "runpipe", "apply", "--name", "honest", "p.hcl")
	p.gets(0, "runpipe", "apply", "--name", "reused", "p.hcl")
	p.write("p.hcl", strings.Replace(honest, "$((40 + 2))", "42", 1))
	p.gets(0, "runpipe", "apply", "--name", "forged", "p.hcl")
	said := p.gets(0, "runpipe", "reproduce", "--by", "forged", "honest").stdout
	p.has(said, "The runs were not asked for the same:", "Parameters", "script")
	said = p.gets(0, "runpipe", "reproduce", "--by", "reused", "honest").stdout
	if p.has(said, "nothing was repeated"); strings.Contains(said, "not asked for the same") {
		t.Errorf("the same was asked for:\n%s", said)
	}
	r, _ := p.judged(0, "--by", "forged", "honest")
	if len(r.Asked) != 1 || r.Asked[0].Topic != compare.Parameters {
		t.Errorf("asked: %+v", r.Asked)
	}
}

// A secret is kept nowhere; without it nothing is begun, and nothing left behind.
func TestAReproductionWithoutItsSecret(t *testing.T) {
	p := newPerson(t, nil)
	p.write("p.hcl", `
variable "key" {
  type      = string
  sensitive = true
}
stage "use" {
  script = "echo $${#KEY}"
  env    = { KEY = var.key }
}
`)
	p.gets(0, "runpipe", "apply", "--var", "key=s3cr3t", "--name", "one", "p.hcl")
	p.has(p.gets(1, "runpipe", "reproduce", "one").stderr, "stage.use needs the secret KEY")
	if left, _ := filepath.Glob(filepath.Join(p.dir, ".runpipe/runs/*/reproduced/*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	p.environ = append(p.environ, "KEY=s3cr3t")
	p.unseen("s3cr3t", p.gets(0, "runpipe", "reproduce", "one"))
}

// The example, in a second and empty workspace, from nothing but the repository
// and its lock file.
func TestTheExampleIsReproducedElsewhere(t *testing.T) {
	p := newPerson(t, nil)
	root, err := filepath.Abs("../..")
	p.must(err)
	p.gets(0, "git", "clone", "--quiet", root, "first")
	p.gets(0, "git", "-C", filepath.Join(p.dir, "first"), "remote", "remove", "origin")
	p.gets(0, "runpipe", "--workspace", "one", "apply", "--name", "one", "first/examples/mnist.hcl")
	p.gets(0, "git", "clone", "--quiet", "first", "second")
	p.gets(0, "cp", "first/examples/mnist.lock.hcl", "second/examples/mnist.lock.hcl")
	p.gets(0, "runpipe", "--workspace", "two", "apply", "--locked", "--name", "two", "second/examples/mnist.hcl")
	first, err := filepath.Glob(filepath.Join(p.dir, "one/runs/*"))
	if err != nil || len(first) != 1 {
		t.Fatal(first, err)
	}
	r := p.gets(0, "runpipe", "--workspace", "two", "reproduce", "--by", "two", first[0])
	t.Log(r.stdout)
	if !strings.Contains(r.stdout, "\nIDENTICAL\n") && !strings.Contains(r.stdout, "\nWITHIN TOLERANCE\n") {
		t.Errorf("the verdict is missing:\n%s", r.stdout)
	}
}
