package slurm

import "testing"

func TestStepPending(t *testing.T) {
	const (
		batch   = "StepId=7.batch UserId=0 StartTime=2026-11-25T23:22:25 TimeLimit=UNLIMITED State=RUNNING Partition=gpu NodeList=n1\n"
		waiting = "StepId=7.TDB UserId=0 StartTime=Unknown TimeLimit=UNLIMITED State=PENDING Partition=gpu NodeList=n1\n"
		first   = "StepId=7.0 UserId=0 StartTime=2026-11-25T23:22:25 TimeLimit=UNLIMITED State=RUNNING Partition=gpu NodeList=n1\n"
	)
	for shown, want := range map[string]bool{
		batch + waiting:                true,
		batch + first:                  false,
		batch + first + waiting:        false,
		batch:                          false,
		"No job steps in the system\n": false,
		"":                             false,
	} {
		if got := stepPending(shown); got != want {
			t.Errorf("stepPending(%q) = %v", shown, got)
		}
	}
}
