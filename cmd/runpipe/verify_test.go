package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/compare"
	"github.com/runpipe/runpipe/pipeline/run"
)

func TestVerifyNamesWhatDiffers(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		p.repository("code", chainCode())
		p.write("mnist.hcl", chain)
		p.gets(0, "runpipe", "apply", "mnist.hcl")
		p.has(p.gets(0, "runpipe", "verify").stdout, "train.cnn", "whole", "All is as it was recorded.")
		_, stages := p.status("")

		model := stages["train.cnn"].Outputs["model"]
		p.must(os.WriteFile(model, []byte("model 2\n"), 0o644)) // as long as it was
		p.must(os.Remove(stages["stage.prepare"].Outputs["data"]))
		p.has(p.gets(4, "runpipe", "verify").stdout, "model changed", "data missing", "Not all is as it was recorded.")
		p.gets(0, "runpipe", "verify", "clone.code")

		var v view.Verification
		p.must(json.Unmarshal([]byte(p.gets(4, "runpipe", "verify", "--json", "train.cnn").stdout), &v))
		if len(v.Stages) != 1 || v.Holds || v.Stages[0].State != compare.Damaged || v.Stages[0].Differences[0].Output != "model" {
			t.Errorf("got %+v", v)
		}
		// A checkout is part of it, down to its files.
		tree, err := filepath.Glob(filepath.Join(p.dir, ".runpipe/store/*/outputs/tree/train.sh"))
		if err != nil || len(tree) != 1 {
			t.Fatal(tree, err)
		}
		p.must(os.WriteFile(tree[0], []byte("exit 0\n"), 0o644))
		p.has(p.gets(4, "runpipe", "verify", "clone.code").stdout, "path/train.sh changed")
	})
}

// The attack: a number is made better in the record that others reuse.
func TestVerifyNoticesANumberThatWasChanged(t *testing.T) {
	p := newPerson(t, nil)
	p.repository("code", chainCode())
	p.write("mnist.hcl", chain)
	p.gets(0, "runpipe", "apply", "mnist.hcl")
	_, stages := p.status("")
	record := ".runpipe/store/" + stages["evaluate.accuracy"].Key + "/record.json"
	p.write(record, strings.ReplaceAll(p.read(record), `"accuracy": 0.9731`, `"accuracy": 0.9931`))
	p.has(p.gets(4, "runpipe", "verify").stdout, "record.json changed", "Not all is as it was recorded.")
}

// gated is a chain whose second stage waits for a file before it asks for the
// third: until then the third is queued.
const gated = `
stage "first" {
  script  = "echo one > data"
  outputs = { data = "data" }
  resources { time = "2m" }
}
stage "gate" {
  after   = [stage.first]
  script  = "until [ -e '%s' ]; do sleep 0.05; done"
  resources { time = "2m" }
}
stage "last" {
  after  = [stage.gate]
  script = <<-EOT
    touch '%s'
    cat ${stage.first.outputs.data}
  EOT
  resources { time = "2m" }
}
`

// The attack: an output is changed after it was made, while the job that reads it
// waits. The job says DRIFT, with what differs, and its command does not run.
func TestATamperedInputIsFoundWhenTheJobStarts(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		gate, ran := filepath.Join(p.dir, "gate"), filepath.Join(p.dir, "ran")
		p.write("drift.hcl", strings.Replace(strings.Replace(gated, "%s", gate, 1), "%s", ran, 1))
		p.gets(0, "runpipe", "apply", "--detach", "drift.hcl")
		var stages map[string]run.StageStatus
		await(p, "the first stage to be made", func() bool {
			_, stages = p.status("")
			return stages["stage.first"].State == run.Succeeded
		})
		data := stages["stage.first"].Outputs["data"]
		info, err := os.Stat(data)
		p.must(err)
		p.must(os.WriteFile(data, []byte("two\n"), 0o644))
		p.must(os.Chtimes(data, info.ModTime(), info.ModTime())) // and the traces are removed
		p.write("gate", "")
		await(p, "the end", func() bool {
			var st run.Status
			st, stages = p.status("")
			return st.State.Ended()
		})
		last := stages["stage.last"]
		if last.State != run.Failed {
			t.Errorf("stage.last is %s", last.State)
		}
		p.has(last.Reason, "stage.first is not what it was", "data changed", "--rerun stage.first")
		p.has(p.read(last.Log), "DRIFT")
		if _, err := os.Stat(ran); err == nil {
			t.Error("the command ran")
		}
		p.nothingQueued()
	})
}

// An output, a checkout or an environment that is changed while the job waits that
// rests on it: the job finds it, and does not run.
func TestATamperedCheckoutOrEnvironmentIsFoundWhenTheJobStarts(t *testing.T) {
	for what, attack := range map[string]struct{ files, address string }{
		"checkout":    {".runpipe/store/*/outputs/tree/use.py", "clone.code"},
		"environment": {".runpipe/envs/*/lib/python3*/site-packages/a.py", "environment.python"},
	} {
		t.Run(what, func(t *testing.T) {
			p, _ := withPackages(t)
			p.repository("code", map[string]string{"use.py": "import a\nprint('a is', a.__version__)\n"})
			gate := filepath.Join(p.dir, "gate")
			p.write("p.hcl", `
clone "code" { repository = "code" }
environment "python" { packages = ["a"] }
stage "gate" {
  after  = [clone.code, environment.python]
  script = "touch '`+gate+`.up'; until [ -e '`+gate+`' ]; do sleep 0.05; done"
}
stage "use" {
  after       = [stage.gate]
  source      = clone.code
  environment = environment.python
  command     = ["python", "use.py"]
}
`)
			p.gets(0, "runpipe", "apply", "--detach", "p.hcl")
			await(p, "the gate", func() bool { _, err := os.Stat(gate + ".up"); return err == nil })
			found, err := filepath.Glob(filepath.Join(p.dir, attack.files))
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			p.must(os.WriteFile(found[0], []byte(p.read(found[0])+"\n"), 0o644))
			p.write("gate", "")
			p.gets(3, "runpipe", "watch")
			_, stages := p.status("")
			p.has(stages["stage.use"].Reason, attack.address+" is not what it was", filepath.Base(found[0])+" changed")
			if log := p.read(stages["stage.use"].Log); strings.Contains(log, "a is") {
				t.Errorf("the command ran:\n%s", log)
			}
			p.has(p.gets(4, "runpipe", "verify").stdout, filepath.Base(found[0])+" changed")
		})
	}
}

// What was damaged before a plan is made is made again.
func TestAPlanNoticesWhatWasDamaged(t *testing.T) {
	p := newPerson(t, nil)
	p.repository("code", chainCode())
	p.write("mnist.hcl", chain)
	p.gets(0, "runpipe", "apply", "mnist.hcl")
	_, stages := p.status("")
	p.must(os.WriteFile(stages["train.cnn"].Outputs["model"], []byte("model 2\n"), 0o644)) // as long as it was
	p.has(p.gets(0, "runpipe", "apply", "mnist.hcl").stdout, "outputs damaged: model changed", "upstream train.cnn runs", "2 to run, 2 reused")
	p.gets(0, "runpipe", "verify")
}
