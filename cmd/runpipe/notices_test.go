package main

import "testing"

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
