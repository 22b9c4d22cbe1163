package pipeline

import (
	"fmt"
	"strings"
	"testing"
)

// chain is a pipeline of n train stages, each of which uses the one before.
func chain(n int) string {
	var b strings.Builder
	b.WriteString("clone \"code\" {\n  repository = \".\"\n}\n\nenvironment \"python\" {\n}\n\nlocals { epochs = 5 }\n")
	for i := range n {
		previous := `"none"`
		if i > 0 {
			previous = fmt.Sprintf("train.t%d.outputs.model", i-1)
		}
		fmt.Fprintf(&b, `
train "t%d" {
  source      = clone.code
  environment = environment.python
  command     = ["python", "train.py", "--epochs", local.epochs, %s]
  outputs     = { model = "model.keras" }
  metric "loss" { pattern = "loss: (.*)" }
  check "low" {
    condition     = metrics.loss < local.epochs
    error_message = "loss is ${metrics.loss}"
  }
  resources { gpus = 1 }
}
`, i, previous)
	}
	return b.String()
}

// The time for a stage should not grow with the number of stages.
func BenchmarkLoadAndEvaluate(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			src := []byte(chain(n))
			b.ReportAllocs()
			for b.Loop() {
				p, diags := LoadSource("testdata/good/bench.hcl", src, Options{})
				if diags.HasErrors() {
					b.Fatal(diags)
				}
				if e, diags := p.Evaluate(pinned{}); diags.HasErrors() || len(e.Stages) != n+2 {
					b.Fatal(diags)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/stage")
		})
	}
}
