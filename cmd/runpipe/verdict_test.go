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
