package supervise

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMemoryKillsAreCounted(t *testing.T) {
	for name, test := range map[string]struct {
		self, file string
		slurm, own bool
	}{
		"version 2, a step of a job":      {"0::/system.slice/slurmstepd.scope/job_7/step_batch/user/task_0\n", "system.slice/slurmstepd.scope/job_7/memory.events", true, true},
		"version 2, a session":            {"0::/user.slice/session-1.scope\n", "user.slice/session-1.scope/memory.events", true, false},
		"version 1, a step of a job":      {"9:name=systemd:/x\n4:cpu,memory:/slurm/uid_0/job_7/step_batch\n", "memory/slurm/uid_0/job_7/step_batch/memory.oom_control", true, true},
		"the local executor within a job": {"0::/system.slice/slurmstepd.scope/job_7/step_batch/user/task_0\n", "system.slice/slurmstepd.scope/job_7/memory.events", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			mounted := t.TempDir()
			self := filepath.Join(mounted, "self")
			counter := filepath.Join(mounted, test.file)
			write := func(path, text string) {
				t.Helper()
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			write(self, test.self)
			write(counter, "low 0\noom 1\noom_kill 2\n")
			watch := watchMemory(self, mounted, test.slurm)
			if grown, _ := watch.killed(); grown {
				t.Error("kills of the past are counted")
			}
			write(counter, "low 0\noom 2\noom_kill 3\n")
			if grown, own := watch.killed(); !grown || own != test.own {
				t.Errorf("grown %v, own %v; want own %v", grown, own, test.own)
			}
		})
	}
}
