package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/runpipe/runpipe/slurm"
)

func TestNoGPU(t *testing.T) {
	for _, c := range []struct {
		stages []string
		fault  string
		want   string
	}{
		{[]string{"train.a"}, "", "Note: there is no GPU on this machine, and train.a asks for one; the training runs on the CPU."},
		{[]string{"train.a", "train.b"}, "driver mismatch", "Note: there is no GPU on this machine (driver mismatch), and train.a, train.b ask for one; the training runs on the CPU."},
	} {
		if got := noGPU(c.stages, c.fault); got != c.want {
			t.Errorf("noGPU = %q, want %q", got, c.want)
		}
	}
}

func TestReasonOf(t *testing.T) {
	for want, err := range map[string]error{
		"sbatch is not on PATH": fmt.Errorf("%w: sbatch is not on PATH", slurm.ErrUnreachable),
		"it is installed":       fmt.Errorf("%w: it is installed: %w: scontrol: a lot of words", slurm.ErrUnreachable, slurm.ErrUnreachable),
		"something else":        errors.New("something else"),
	} {
		if got := reasonOf(err); got != want {
			t.Errorf("reasonOf(%q) = %q, want %q", err, got, want)
		}
	}
}
