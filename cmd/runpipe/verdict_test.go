package main

import (
	"testing"

	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// Slurm accepts a job that no node can ever run; apply says so.
func TestAJobThatNoNodeFits(t *testing.T) {
	p := newPerson(t, slurmtest.Shared(t))
	p.write("wide.hcl", "train \"a\" {\n  script = \"true\"\n  resources {\n    gpus = 99\n  }\n}\n")
	r := p.gets(0, "runpipe", "apply", "--detach", "wide.hcl")
	p.has(r.stderr, "train.a may never start: ", "Requested node configuration is not available", "# end it")
	p.gets(0, "runpipe", "cancel")
	p.has(p.gets(1, "runpipe", "plan", "wide.hcl").stdout, "Refused: train.a: ", "lower resources")
}

// A time limit above the partition's is accepted, too, and even passes --test-only.
func TestAJobThatIsTooLongForItsPartition(t *testing.T) {
	p := newPerson(t, slurmtest.Shared(t))
	p.write("long.hcl", "train \"a\" {\n  script = \"true\"\n  resources {\n    time = \"1h\"\n  }\n  slurm {\n    partition = \"short\"\n  }\n}\n")
	p.has(p.gets(1, "runpipe", "plan", "long.hcl").stdout, "Refused: train.a: it asks for 1h, and the partition short gives 10m at most; lower resources.time")
	p.has(p.gets(0, "runpipe", "apply", "--detach", "long.hcl").stderr, "train.a may never start: it asks for 1h")
	p.gets(0, "runpipe", "cancel")
}
