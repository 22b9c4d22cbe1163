package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// examples copies the examples into a repository of their own, as they stand in
// the working tree.
func (p *person) examples() {
	p.Helper()
	p.must(os.CopyFS(filepath.Join(p.dir, "examples"), os.DirFS("../../examples")))
	p.gets(0, "git", "init", "--quiet", "--initial-branch=main", p.dir)
	p.commit(".", "Add the examples")
}

// The first thing that a newcomer runs: real MNIST, a real virtual environment.
func TestMNISTExample(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		p.examples()
		r := p.gets(0, "runpipe", "apply", "examples/mnist.hcl")
		st, stages := p.status("")
		if st.State != run.Succeeded || len(st.Stages) != 4 {
			t.Errorf("the run is %s with %d stages, want succeeded with 4", st.State, len(st.Stages))
		}
		// What the screen says is what the evaluation printed.
		printed := regexp.MustCompile(`accuracy (0\.\d+)`).FindStringSubmatch(p.read(stages["evaluate.accuracy"].Log))
		if printed == nil {
			t.Fatal("the evaluation printed no accuracy")
		}
		p.has(r.stdout, "accuracy "+printed[1])
		if accuracy := stages["evaluate.accuracy"].Metrics["accuracy"]; accuracy < 0.94 || accuracy >= 1 {
			t.Errorf("accuracy %v", accuracy)
		}
		model := stages["train.mlp"].Outputs["model"]
		if info, err := os.Stat(model); err != nil || info.Size() < 100_000 {
			t.Errorf("the model %s: %v", model, err)
		}
		p.shellchecked()
		p.nothingQueued()
	})
}

// shellchecked has shellcheck read every script of every run.
func (p *person) shellchecked() {
	p.Helper()
	scripts, err := filepath.Glob(filepath.Join(p.dir, ".runpipe/runs/*/stages/*/job.sh"))
	p.must(err)
	if len(scripts) == 0 {
		p.Error("there are no scripts")
	}
	if _, err := exec.LookPath("shellcheck"); err != nil {
		if os.Getenv(slurmtest.Required) == "required" {
			p.Error("shellcheck is not installed")
		}
		return
	}
	for _, script := range scripts {
		if r := p.types("shellcheck", script); r.code != 0 {
			p.Errorf("shellcheck of %s:\n%s", script, r.stdout)
		}
	}
}

// The department's tutorial: planned offline, from its committed lock alone.
func TestKerasExampleIsPlannedOffline(t *testing.T) {
	// plan asks Slurm whether it would take the jobs: its nodes must be large enough.
	p := newPerson(t, slurmtest.Start(t, slurmtest.Nodes(1), func(c *slurmtest.Config) { c.Memory = 32_000 }))
	p.examples()
	p.environ = append(p.environ, "HTTPS_PROXY=http://127.0.0.1:9", "PIP_INDEX_URL=http://127.0.0.1:9/", "UV_INDEX_URL=http://127.0.0.1:9/")
	r := p.gets(0, "runpipe", "plan", "--locked", "--json", "examples/keras-mnist.hcl")
	var plan struct {
		Stages []struct {
			Address, Action, Key, Script string
			After                        []string
			Pins                         map[string]string
		}
	}
	p.must(json.Unmarshal([]byte(r.stdout), &plan))
	scripts := map[string]string{}
	for _, s := range plan.Stages {
		scripts[s.Address] = s.Script
		if s.Action != "run" || len(s.Key) != 64 {
			t.Errorf("%s: action %s, key %q", s.Address, s.Action, s.Key)
		}
		path := filepath.Join(p.dir, ".runpipe/runs/RUN/stages", s.Address, "job.sh")
		p.must(os.MkdirAll(filepath.Dir(path), 0o700))
		p.must(os.WriteFile(path, []byte(s.Script), 0o600))
	}
	const commit = "02cfe8063b505adc073986c91729f22039f77ad0"
	p.has(scripts["clone.keras_io"], "\n\"$runpipe\" checkout ", "--commit "+commit, "--path examples/vision/mnist_convnet.py")
	p.has(scripts["environment.tensorflow"], "\nmodule load python/3.10", "-m venv")
	p.has(scripts["train.convnet"], "\n#SBATCH --gres=gpu:1\n", "\n#SBATCH --time=00:30:00\n", "code pinned to keras-io 02cfe80.",
		"\nmodule load python/3.10", "/venv/bin/activate", "\nsrun python examples/vision/mnist_convnet.py\n")
	if strings.Contains(scripts["clone.keras_io"], "--gres") || strings.Contains(scripts["environment.tensorflow"], "--gres") {
		t.Error("a stage that computes nothing asks for a GPU")
	}
	if got := plan.Stages[2].Pins["clone.keras_io"]; got != commit {
		t.Errorf("train.convnet is pinned to %q", got)
	}
	p.shellchecked()
}
