package stages

import (
	"testing"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

func training() *Stage {
	return &Stage{
		Address: Address{Kind: "train", Name: "cnn"},
		After:   []string{"clone.code", "environment.python"}, Inputs: []string{"clone.code", "environment.python"},
		Source:      &Tree{Stage: "clone.code", Path: "/site/a/.runpipe/store/c1/outputs/tree"},
		Environment: "environment.python",
		Command:     []string{"python", "train.py", "--data", "/site/a/.runpipe/store/d1/outputs/mnist.npz"},
		Env:         map[string]string{"DATA": "/site/a/.runpipe/store/d1/outputs"},
		Outputs:     map[string]string{"model": "out/model.keras"},
		Resources:   slurm.Resources{GPUs: 1, Time: time.Hour},
	}
}

var trainingKeys = map[string]string{"clone.code": "c1", "environment.python": "e1"}

// What a stage computes is in its key; where and under which name it does is not.
func TestKey(t *testing.T) {
	const root = "/site/a/.runpipe"
	base := Key(training(), trainingKeys, root)
	same := map[string]func(s *Stage){
		"nothing":     func(*Stage) {},
		"partition":   func(s *Stage) { s.Site.Partition = "gpu" },
		"time":        func(s *Stage) { s.Resources.Time = 2 * time.Hour },
		"memory":      func(s *Stage) { s.Resources.Memory = 1 << 34 },
		"cpus":        func(s *Stage) { s.Resources.CPUs = 16 },
		"its name":    func(s *Stage) { s.Address.Name = "mlp" },
		"its kind":    func(s *Stage) { s.Address.Kind = "stage" },
		"checks":      func(s *Stage) { s.Checks = []Check{{Name: "good"}} },
		"mere order":  func(s *Stage) { s.After = append(s.After, "stage.first") },
		"one node":    func(s *Stage) { s.Resources.Nodes = 1 },
		"gpu's model": func(s *Stage) { s.Resources.GPUType = "a100" },
	}
	for name, change := range same {
		s := training()
		change(s)
		if Key(s, trainingKeys, root) != base {
			t.Errorf("%s changes the key", name)
		}
	}
	other := map[string]func(s *Stage){
		"command":      func(s *Stage) { s.Command[1] = "other.py" },
		"joined words": func(s *Stage) { s.Command = []string{"python train.py", "--data", s.Command[3]} },
		"env":          func(s *Stage) { s.Env["DATA"] = "x" },
		"pass_env":     func(s *Stage) { s.PassEnv = []string{"HF_TOKEN"} },
		"gpus":         func(s *Stage) { s.Resources.GPUs = 2 },
		"nodes":        func(s *Stage) { s.Resources.Nodes = 2 },
		"launcher": func(s *Stage) {
			s.Resources.TasksPerNode, s.Launcher = 2, slurm.LaunchNone
		},
		"tasks": func(s *Stage) {
			s.Resources.TasksPerNode, s.Launcher = 2, slurm.LaunchSrun
		},
		"outputs": func(s *Stage) { s.Outputs["log"] = "log.csv" },
		"dir":     func(s *Stage) { s.Dir = "src" },
		"a file":  func(s *Stage) { s.Files = []File{{To: "a", Digest: "sha256:00"}} },
		"modules": func(s *Stage) { s.Modules = []string{"python/3.10"} },
	}
	seen := map[string]string{base: "the base"}
	for name, change := range other {
		s := training()
		change(s)
		key := Key(s, trainingKeys, root)
		if twin, ok := seen[key]; ok {
			t.Errorf("%s gives the same key as %s", name, twin)
		}
		seen[key] = name
	}
	if moved := Key(training(), map[string]string{"clone.code": "c2", "environment.python": "e1"}, root); moved == base {
		t.Error("another source tree gives the same key")
	}
}

func TestKeyIsTheSameOnEverySite(t *testing.T) {
	here, there := training(), training()
	there.Source.Path = "/home/me/.runpipe/store/c1/outputs/tree"
	there.Command[3] = "/home/me/.runpipe/store/d1/outputs/mnist.npz"
	there.Env["DATA"] = "/home/me/.runpipe/store/d1/outputs"
	if Key(here, trainingKeys, "/site/a/.runpipe") != Key(there, trainingKeys, "/home/me/.runpipe") {
		t.Error("the key depends on where the workspace is")
	}
}

func TestSecretsAreNotInTheKey(t *testing.T) {
	a, b := training(), training()
	a.Secrets = map[string]string{"HF_TOKEN": "one"}
	b.Secrets = map[string]string{"HF_TOKEN": "two"}
	if Key(a, trainingKeys, "") != Key(b, trainingKeys, "") {
		t.Error("a rotated secret changes the key")
	}
	if Key(a, trainingKeys, "") == Key(training(), trainingKeys, "") {
		t.Error("a secret that was added leaves the key as it was")
	}
}
