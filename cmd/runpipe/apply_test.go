package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/pipeline/run"
)

// chain is a pipeline of four stages whose code is in the folder "code".
const chain = `
variable "seed" {
  type    = number
  default = 1
}
variable "bound" {
  type    = number
  default = 0.9
}
clone "code" {
  repository = "code"
  ref        = "main"
}
stage "prepare" {
  source  = clone.code
  command = ["sh", "prepare.sh"]
  outputs = { data = "data.txt" }
  resources { time = "2m" }
}
train "cnn" {
  source  = clone.code
  command = ["sh", "train.sh", stage.prepare.outputs.data, var.seed]
  outputs = { model = "out/model" }
  resources {
    gpus   = 1
    cpus   = 1
    memory = "64M"
    time   = "5m"
  }
}
evaluate "accuracy" {
  source  = clone.code
  command = ["sh", "evaluate.sh", train.cnn.outputs.model]
  metrics = "metrics.json"
  check "good enough" {
    condition     = metrics.accuracy >= var.bound
    error_message = "accuracy ${metrics.accuracy} is below ${var.bound}"
  }
  resources { time = "1m" }
}
`

// chainCode is what stands in that folder; train.sh says which version it is.
func chainCode() map[string]string {
	return map[string]string{
		"prepare.sh":  "echo digits > data.txt\n",
		"train.sh":    "echo version one, data $(cat \"$1\"), seed $2, gpu ${CUDA_VISIBLE_DEVICES:-none}\nmkdir out\necho \"model $2\" > out/model\n",
		"evaluate.sh": "cat \"$1\"\necho '{\"accuracy\": 0.9731}' > metrics.json\necho accuracy 0.9731\n",
	}
}

// The main job, and that a branch that moves on changes nothing that is pinned.
func TestApplyRunsWhatIsPinned(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		first := p.repository("code", chainCode())
		p.write("mnist.hcl", chain)
		r := p.gets(0, "runpipe", "apply", "mnist.hcl")
		p.has(r.stdout, "Plan: 4 to run, 0 reused.", "accuracy 0.9731", "good enough")
		st, stages := p.status("")
		if st.State != run.Succeeded || st.Executor != p.executor {
			t.Errorf("the run is %s on %s, want succeeded on %s", st.State, st.Executor, p.executor)
		}
		p.has(p.read(stages["evaluate.accuracy"].Log), "accuracy 0.9731", "model 1")
		p.has(p.read(stages["train.cnn"].Log), "version one, data digits, seed 1", first)
		p.has(p.read("mnist.lock.hcl"), first)
		if p.cluster != nil {
			p.has(p.read(stages["train.cnn"].Log), "gpu 0")
		}

		p.write("code/train.sh", strings.Replace(chainCode()["train.sh"], "one", "two", 1))
		second := p.commit("code", "Move on")
		r = p.gets(0, "runpipe", "apply", "--var", "seed=2", "mnist.hcl")
		p.has(r.stdout, "command changed: 1 → 2", "Plan: 2 to run, 2 reused.")
		_, stages = p.status("")
		p.has(p.read(stages["train.cnn"].Log), "version one, data digits, seed 2", first)

		p.gets(5, "runpipe", "lock", "--upgrade", "--locked", "mnist.hcl")
		p.has(p.gets(0, "runpipe", "lock", "--upgrade", "mnist.hcl").stdout, first[:7], second[:7])
		r = p.gets(0, "runpipe", "apply", "--var", "seed=2", "mnist.hcl")
		p.has(r.stdout, "moved "+first[:7]+" → "+second[:7])
		_, stages = p.status("")
		p.has(p.read(stages["train.cnn"].Log), "version two, data digits, seed 2", second)
		p.nothingQueued()
	})
}

func TestAFailureSkipsWhatDependsOnIt(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		code := chainCode()
		code["train.sh"] = "echo the loss is nan >&2\nexit 1\n"
		p.repository("code", code)
		p.write("mnist.hcl", chain)
		r := p.gets(3, "runpipe", "apply", "mnist.hcl")
		_, stages := p.status("")
		train, evaluate := stages["train.cnn"], stages["evaluate.accuracy"]
		if train.State != run.Failed || train.ExitCode == nil || *train.ExitCode != 1 {
			t.Errorf("train.cnn is %s with exit code %v, want failed with 1", train.State, train.ExitCode)
		}
		if evaluate.State != run.Skipped || !strings.Contains(evaluate.Reason, "because train.cnn failed (exit 1 on ") {
			t.Errorf("evaluate.accuracy is %s: %s", evaluate.State, evaluate.Reason)
		}
		p.has(r.stdout, p.inside(train.Log), "the loss is nan", "skipped", p.inside(train.Work))
		if _, err := os.Stat(filepath.Join(train.Work, "train.sh")); err != nil {
			t.Errorf("the working copy of the failed stage was not kept: %v", err)
		}
		p.nothingQueued()
	})
}

func TestACheckThatDoesNotHold(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		p.repository("code", chainCode())
		p.write("mnist.hcl", chain)
		r := p.gets(4, "runpipe", "apply", "--var", "bound=0.98", "mnist.hcl")
		p.has(r.stdout, "accuracy 0.9731 is below 0.98")
		// A looser bound judges the stored metrics again, without a job.
		r = p.gets(0, "runpipe", "apply", "--var", "bound=0.97", "mnist.hcl")
		p.has(r.stdout, "4 reused")
	})
}

func TestAMisspeltReferenceSubmitsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		p.repository("code", chainCode())
		p.write("mnist.hcl", strings.Replace(chain, "train.cnn.outputs.model]", "train.cnnn.outputs.model]", 1))
		r := p.gets(1, "runpipe", "apply", "mnist.hcl")
		p.has(r.stderr, "mnist.hcl:33:35", "^~~~", "Did you mean train.cnn?")
		if runs, _ := filepath.Glob(filepath.Join(p.dir, ".runpipe/runs/*")); len(runs) > 0 {
			t.Errorf("a run was made: %v", runs)
		}
		p.nothingQueued()
	})
}

// Two stages without a path between them run side by side: each waits for the other.
func TestIndependentStagesRunSideBySide(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		meet := t.TempDir()
		p.write("both.hcl", `
stage "a" {
  script = <<-EOT
    touch `+meet+`/a
    until [ -e `+meet+`/b ]; do sleep 0.05; done
  EOT
  resources { time = "1m" }
}
stage "b" {
  script = <<-EOT
    touch `+meet+`/b
    until [ -e `+meet+`/a ]; do sleep 0.05; done
  EOT
  resources { time = "1m" }
}
`)
		p.gets(0, "runpipe", "apply", "both.hcl")
	})
}

// What stands in a pipeline comes out as data, and nothing of the submitter's
// shell gets in.
func TestValuesAreDataAndNothingLeaks(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		p.environ = append(p.environ, "CANARY=from the shell", "HF_TOKEN=tok-5ecret-pass", "SBATCH_TIMELIMIT=1", "BASH_ENV=/nonexistent", "PYTHONPATH=/leak")
		p.write("code/print.py", "import sys, json, os\nprint(json.dumps(sys.argv[1:]))\nprint(json.dumps(sorted(os.environ)))\nprint(len(os.environ['HF_TOKEN']), len(os.environ['API_KEY']))\n")
		p.write("odd name.hcl", `
variable "key" {
  type      = string
  sensitive = true
}
stage "print" {
  files    = { "print.py" = "code/print.py" }
  command  = ["python3", "print.py", "$(touch broken)", "a b", "it's", "\"q\"", "line\nbreak", "; exit 9", "`+"`id`"+`", "*", "%j", "# no"]
  env      = { GREETING = "hello $USER; it's", API_KEY = var.key }
  pass_env = ["HF_TOKEN"]
  resources { time = "1m" }
}
`)
		p.environ = append(p.environ, "RUNPIPE_VAR_key=key-5ecret-var")
		r := p.gets(0, "runpipe", "apply", "odd name.hcl")
		_, stages := p.status("")
		log := p.read(stages["stage.print"].Log)
		p.has(log, `["$(touch broken)", "a b", "it's", "\"q\"", "line\nbreak", "; exit 9", "`+"`id`"+`", "*", "%j", "# no"]`, "15 14")
		p.has(log, `"GREETING"`, `"HOME"`, `"RUNPIPE_STAGE"`)
		for _, leak := range []string{`"CANARY"`, `"PYTHONPATH"`, `"BASH_ENV"`, `"RUNPIPE_ENV_HF_TOKEN"`, `"RUNPIPE_VAR_key"`, `"SBATCH_TIMELIMIT"`} {
			if strings.Contains(log, leak) {
				t.Errorf("%s leaked into the job:\n%s", leak, log)
			}
		}
		for _, secret := range []string{"tok-5ecret-pass", "key-5ecret-var"} {
			if strings.Contains(r.stdout+r.stderr, secret) {
				t.Errorf("a secret is on the screen")
			}
			p.nowhere(secret)
		}
		if broken, _ := filepath.Glob(filepath.Join(p.dir, ".runpipe/runs/*/stages/*/*/*/broken")); len(broken) > 0 {
			t.Errorf("an argument was run as a command: %v", broken)
		}
	})
}

// A job that lacks a variable could only fail, perhaps after a day in the queue.
func TestAVariableToPassOnHasToBeSet(t *testing.T) {
	p := newPerson(t, nil)
	p.write("p.hcl", "stage \"s\" {\n  script = \"echo [$MY_TOKEN]\"\n  pass_env = [\"MY_TOKEN\"]\n}\n")
	p.gets(0, "runpipe", "plan", "p.hcl") // which submits nothing
	p.has(p.gets(1, "runpipe", "apply", "p.hcl").stderr, "p.hcl:1", "Variable not set", "MY_TOKEN")
	p.environ = append(p.environ, "MY_TOKEN=")
	p.gets(0, "runpipe", "apply", "p.hcl")
	_, stages := p.status("")
	p.has(p.read(stages["stage.s"].Log), "[]")
}

// nowhere fails if any file where the person stands holds the text, or is
// readable by others in the workspace.
func (p *person) nowhere(text string) {
	p.Helper()
	p.must(filepath.WalkDir(p.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.Contains(path, "/bin/runpipe-") {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(data), text) {
			p.Errorf("%q stands in %s", text, path)
		}
		return err
	}))
	info, err := os.Stat(filepath.Join(p.dir, ".runpipe"))
	p.must(err)
	if info.Mode().Perm() != 0o700 {
		p.Errorf("the workspace has mode %o, want 700", info.Mode().Perm())
	}
}

// Ctrl-C ends a local run and leaves no process behind; on Slurm it only detaches.
func TestCtrlC(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		pids := filepath.Join(t.TempDir(), "pids")
		p.write("long.hcl", `
train "long" {
  script = <<-EOT
    sleep 1000 & echo $! >> `+pids+`
    echo $$ >> `+pids+`
    wait
  EOT
  resources { time = "5m" }
}
evaluate "after" {
  after   = [train.long]
  command = ["true"]
  metric "x" { pattern = "(1)" }
}
`)
		cmd := p.command("runpipe", "apply", "long.hcl")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		var screen strings.Builder
		cmd.Stdout, cmd.Stderr = &screen, &screen
		p.must(cmd.Start())
		await(t, "the stage to run", func() bool {
			data, _ := os.ReadFile(pids)
			return strings.Count(string(data), "\n") == 2
		})
		p.must(cmd.Process.Signal(os.Interrupt))
		_ = cmd.Wait() // its exit status is looked at
		if code := cmd.ProcessState.ExitCode(); code != 130 {
			t.Errorf("exit status %d, want 130:\n%s", code, screen.String())
		}
		st, _ := p.status("")
		if p.cluster != nil {
			if st.State != run.Running {
				t.Errorf("Ctrl-C ended a Slurm run: it is %s", st.State)
			}
			p.has(screen.String(), "runpipe cancel")
			p.gets(0, "runpipe", "cancel")
			p.gets(3, "runpipe", "watch")
			p.gets(0, "runpipe", "cancel") // again, without harm
		}
		st, stages := p.status("")
		if st.State != run.Cancelled || stages["train.long"].State != run.Cancelled || stages["evaluate.after"].State != run.Skipped {
			t.Errorf("the run is %s, train.long %s, evaluate.after %s; want cancelled, cancelled, skipped\n%s", st.State,
				stages["train.long"].State, stages["evaluate.after"].State, screen.String())
		}
		for _, pid := range strings.Fields(p.read(pids)) {
			await(t, "process "+pid+" to be gone", func() bool {
				_, err := os.Stat("/proc/" + pid)
				return err != nil
			})
		}
		p.nothingQueued()
	})
}

// What was evaluated is the model that the store has now, whatever failed in
// between.
func TestAnEvaluationOfAnOlderModelIsStale(t *testing.T) {
	p := newPerson(t, nil)
	p.write("again.hcl", `
train "model" {
  script  = "date +1%N > model"
  outputs = { model = "model" }
}
evaluate "model" {
  script  = "test ! -e `+p.dir+`/broken; echo \"{\\\"model\\\": $(cat ${train.model.outputs.model})}\" > m.json"
  metrics = "m.json"
}
`)
	p.gets(0, "runpipe", "apply", "again.hcl")
	p.write("broken", "")
	p.gets(3, "runpipe", "apply", "--rerun", "train.model", "again.hcl")
	p.must(os.Remove(filepath.Join(p.dir, "broken")))
	r := p.gets(0, "runpipe", "apply", "again.hcl")
	p.has(r.stdout, "upstream train.model was made again", "1 to run, 1 reused")
	_, stages := p.status("")
	model := strings.TrimSpace(p.read(stages["train.model"].Outputs["model"]))
	if got := strconv.Itoa(int(stages["evaluate.model"].Metrics["model"])); got != model {
		t.Errorf("%s was evaluated, and the store has %s", got, model)
	}
}

// A file that was frozen is taken again when it became a program, or was damaged.
func TestFrozenFilesAreWhatTheyWere(t *testing.T) {
	p := newPerson(t, nil)
	p.write("run.sh", "#!/bin/sh\necho it runs\n")
	p.write("files.hcl", `
stage "x" {
  files   = { "run.sh" = "run.sh" }
  command = ["./run.sh"]
}
`)
	p.gets(3, "runpipe", "apply", "files.hcl")
	p.must(os.Chmod(filepath.Join(p.dir, "run.sh"), 0o755))
	p.gets(0, "runpipe", "apply", "files.hcl")
	frozen, err := filepath.Glob(filepath.Join(p.dir, ".runpipe/files/*"))
	p.must(err)
	for _, path := range frozen {
		p.must(os.Truncate(path, 0))
	}
	p.gets(0, "runpipe", "apply", "--rerun", "stage.x", "files.hcl")
	p.must(os.Symlink("/etc/hostname", filepath.Join(p.dir, "link")))
	p.write("folder/inside", "")
	p.must(os.Symlink("inside", filepath.Join(p.dir, "folder/good")))
	p.write("folder.hcl", strings.Replace(p.read("files.hcl"), `{ "run.sh" = "run.sh" }`, `{ "run.sh" = "run.sh", "d" = "folder" }`, 1))
	p.gets(0, "runpipe", "apply", "folder.hcl")
	p.must(os.Symlink("../link", filepath.Join(p.dir, "folder/out")))
	p.has(p.gets(1, "runpipe", "apply", "folder.hcl").stderr, "out is a link that leads out of folder", "folder.hcl:3:")
}

// Anyone may run a script by hand. What the run has recorded stays as it is.
func TestAScriptRunByHand(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		p.write("hand.hcl", `
stage "x" {
  script  = "echo made > made"
  outputs = { made = "made" }
  resources { time = "1m" }
}
`)
		p.gets(0, "runpipe", "apply", "hand.hcl")
		before, stages := p.status("")
		script := filepath.Join(filepath.Dir(filepath.Dir(stages["stage.x"].Log)), "job.sh")
		p.has(p.gets(0, "bash", script).stderr, "already made by run "+before.Run)
		p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe/store", stages["stage.x"].Key)))
		p.gets(0, "bash", script)
		if made := strings.TrimSpace(p.read(stages["stage.x"].Outputs["made"])); made != "made" {
			t.Errorf("by hand it made %q", made)
		}
		after, _ := p.status("")
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("the run's status changed (-before +after):\n%s", diff)
		}
	})
}
