package main

import (
	"strings"
	"testing"
)

// The command finds what was asked for, a changed seed is a reason to run, and a
// changed tolerance is none.
func TestDeterminismIsSetFromOutside(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		p.write("d.hcl", `
variable "seed" { default = 7 }
variable "off" { default = 0.1 }
train "net" {
  script      = "env | grep -E '^(RUNPIPE_SEED|PYTHONHASHSEED|CUBLAS|NVIDIA_TF32|OMP_NUM|MKL_NUM)' | sort; echo loss: 1"
  determinism = "strict"
  seed        = var.seed
  env         = { MKL_NUM_THREADS = 1 }
  metric "loss" { pattern = "loss: ([0-9])" }
  tolerance   = { loss = var.off }
  resources { cpus = 2 }
}
`)
		p.gets(0, "runpipe", "apply", "d.hcl")
		_, stages := p.status("")
		log := p.read(stages["train.net"].Log)
		p.has(log, "CUBLAS_WORKSPACE_CONFIG=:4096:8\nMKL_NUM_THREADS=1\nNVIDIA_TF32_OVERRIDE=0\nOMP_NUM_THREADS=2\nPYTHONHASHSEED=7\nRUNPIPE_SEED=7\n")
		p.has(p.gets(0, "runpipe", "show", "", "train.net").stdout, "strict, seed 7", "RUNPIPE_SEED = 7", "CPU time")
		p.has(p.gets(0, "runpipe", "plan", "--var", "off=0.2", "d.hcl").stdout, "0 to run, 1 reused")
		if r := p.gets(0, "runpipe", "plan", "--var", "seed=8", "d.hcl"); !strings.Contains(r.stdout, "seed changed: 7 → 8") {
			t.Errorf("the reason is missing:\n%s", r.stdout)
		}
	})
}
