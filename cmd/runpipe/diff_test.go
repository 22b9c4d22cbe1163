package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/compare"
	"github.com/runpipe/runpipe/stages/python/pythontest"
)

func TestDiffShowsOnlyWhatDiffers(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		code := chainCode()
		code["train.sh"] += "echo \"loss: 0.$2\"\n"
		first := p.repository("code", code)
		p.write("mnist.hcl", strings.Replace(chain, "outputs = { model", "env     = { BACKEND = \"b${var.seed}\" }\n  metric \"loss\" { pattern = \"loss: ([0-9.]+)\" }\n  outputs = { model", 1))
		p.gets(0, "runpipe", "apply", "--name", "one", "mnist.hcl")
		p.gets(0, "runpipe", "apply", "--name", "again", "mnist.hcl")
		p.has(p.gets(0, "runpipe", "diff", "--exit-code", "one", "again").stdout, "They do not differ.")

		p.write("code/prepare.sh", "echo letters > data.txt\n")
		second := p.commit("code", "Move on")
		p.gets(0, "runpipe", "lock", "--upgrade", "mnist.hcl")
		p.gets(0, "runpipe", "apply", "--name", "two", "--var", "seed=2", "mnist.hcl")
		var c view.Comparison
		p.must(json.Unmarshal([]byte(p.gets(4, "runpipe", "diff", "--exit-code", "--json", "one", "two").stdout), &c))
		digest := func(c compare.Change) bool { return c.Topic == compare.Outputs }
		if n := len(slices.DeleteFunc(slices.Clone(c.Changes), func(c compare.Change) bool { return !digest(c) })); n != 2 {
			t.Errorf("%d outputs differ, want data and model", n)
		}
		want := []compare.Change{
			{Topic: compare.Code, Address: "clone.code", Name: "commit", Was: first, Is: second},
			{Topic: compare.Parameters, Address: "train.cnn", Name: "command", Was: "1", Is: "2"},
			{Topic: compare.Parameters, Address: "train.cnn", Name: "env.BACKEND", Was: "b1", Is: "b2"},
			{Topic: compare.Metrics, Address: "train.cnn", Name: "loss", Was: "0.1", Is: "0.2"},
		}
		if got := slices.DeleteFunc(c.Changes, digest); !slices.Equal(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
		p.has(p.gets(0, "runpipe", "diff", "one", "two").stdout, "Code", first[:7]+" → "+second[:7], "Metrics", "0.1 → 0.2")
	})
}

func TestDiffTellsOfPackages(t *testing.T) {
	p, index := withPackages(t)
	index.Add("a", pythontest.Wheel("a", "1.1"))
	p.gets(0, "runpipe", "apply", "--name", "one", "--var", "wanted=a==1.0", "p.hcl")
	p.gets(0, "runpipe", "apply", "--name", "two", "--var", "wanted=a==1.1", "p.hcl")
	r := p.gets(4, "runpipe", "diff", "--exit-code", "one", "two")
	p.has(r.stdout, "Packages", "environment.python  a  1.0 → 1.1")
	if strings.Contains(r.stdout, "Parameters") || strings.Contains(r.stdout, "environment.other") {
		t.Errorf("more than the packages:\n%s", r.stdout)
	}
}
