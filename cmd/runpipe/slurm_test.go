package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// What Slurm says of the jobs while they wait: dependencies, GPUs and limits as
// they were declared.
func TestSlurmHoldsTheChainAsDeclared(t *testing.T) {
	p := newPerson(t, slurmtest.Shared(t))
	gate := filepath.Join(t.TempDir(), "gate")
	code := chainCode()
	code["prepare.sh"] = "until [ -e " + gate + " ]; do sleep 0.05; done\necho digits > data.txt\n"
	p.repository("code", code)
	p.write("mnist.hcl", chain)
	p.gets(0, "runpipe", "apply", "--detach", "mnist.hcl")
	_, stages := p.status("")
	job := func(address string) string {
		out, err := p.cluster.Run("scontrol", "show", "job", stages[address].Job)
		p.must(err)
		return out
	}
	prepare, train, evaluate := stages["stage.prepare"].Job, job("train.cnn"), job("evaluate.accuracy")
	p.has(train, "JobName=train.cnn/mnist", "Dependency=afterok:", "afterok:"+prepare+"(unfulfilled)", "gres:gpu:1", "TimeLimit=00:05:00", "mem=64M", "JobState=PENDING")
	p.has(evaluate, "afterok:"+stages["train.cnn"].Job+"(unfulfilled)", "TimeLimit=00:01:00")
	p.has(job("clone.code"), "Dependency=(null)")
	if s := stages["train.cnn"]; s.State != run.Waiting || !strings.Contains(s.Reason, "stage.prepare") {
		t.Errorf("train.cnn is %s %s, want waiting for stage.prepare", s.State, s.Reason)
	}
	p.gets(0, "touch", gate)
	p.gets(0, "runpipe", "watch")
	p.nothingQueued()
}

// A refusal is told in Slurm's own words, and takes the whole chain back.
func TestARefusedStageLeavesNothingBehind(t *testing.T) {
	p := newPerson(t, slurmtest.Shared(t))
	p.repository("code", chainCode())
	p.write("mnist.hcl", strings.Replace(chain, "    gpus   = 1\n", "    gpus   = 64\n", 1))
	r := p.gets(1, "runpipe", "apply", "mnist.hcl")
	p.has(r.stderr, "train.cnn was refused, and nothing was submitted", "Requested node configuration is not available")
	st, stages := p.status("")
	if st.State != run.Cancelled || !strings.HasPrefix(stages["train.cnn"].Reason, "refused:") {
		t.Errorf("the run is %s, and train.cnn: %s", st.State, stages["train.cnn"].Reason)
	}
	p.nothingQueued()
}
