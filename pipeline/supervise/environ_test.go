package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

// environOf runs a stage that writes its environment down, and returns it.
func environOf(t *testing.T, s *stageUnderTest) environ {
	t.Helper()
	s.script = "env -0 > environ"
	s.manifest.Outputs = map[string]string{"environ": "environ"}
	s.run().want(t, 0, record.Succeeded)
	return newEnviron(strings.Split(readFile(t, s.workspace.Output(s.manifest.Key, "environ")), "\x00"))
}

func TestNothingLeaksIntoTheCommand(t *testing.T) {
	s := newStage(t, "")
	s.environ = []string{
		"CANARY2=sings", "BASH_FUNC_leak%%=() { echo leaked; }", "PYTHONPATH=/mine", "SLURM_JOB_ID=99", "SBATCH_PARTITION=p",
		stages.EnvPrefix + "HF_TOKEN=secret-text", stages.EnvPrefix + "UNNAMED=other-secret",
		"CUDA_VISIBLE_DEVICES=0,1", "RUNPIPE_LOCAL_TOKEN=mark", "TMPDIR=/tmp",
	}
	s.manifest.Env = map[string]string{"KERAS_BACKEND": "jax", "LANG": "de_DE.UTF-8"}
	s.manifest.PassEnv = []string{"HF_TOKEN"}
	env := environOf(t, s)
	want := environ{
		"USER": "me", "SHELL": "/bin/bash", "LANG": "de_DE.UTF-8", "PYTHONUNBUFFERED": "1", "PYTHONNOUSERSITE": "1", "TMPDIR": "/tmp",
		"KERAS_BACKEND": "jax", "HF_TOKEN": "secret-text", "CUDA_VISIBLE_DEVICES": "0,1",
		"RUNPIPE_LOCAL_TOKEN": "mark", "RUNPIPE_LOCAL_JOB": "7",
		"RUNPIPE_STAGE": "train.cnn", "RUNPIPE_RUN": s.manifest.Run, "RUNPIPE_ATTEMPT": "1", "PWD": s.work(),
	}
	for _, name := range []string{"HOME", "PATH", "SHLVL", "_", "GORACE"} { // bash's own, paths, and the test's
		if env[name] == "" {
			t.Errorf("%s is not set", name)
		}
		delete(env, name)
	}
	if diff := cmp.Diff(want, env); diff != "" {
		t.Errorf("the command's environment (-want +got):\n%s", diff)
	}
}

func TestASecretIsWrittenNowhere(t *testing.T) {
	s := newStage(t, `[ ${#HF_TOKEN} = 11 ] && touch out`)
	s.manifest.Outputs = map[string]string{"out": "out"}
	s.manifest.PassEnv = []string{"HF_TOKEN"}
	s.environ = []string{stages.EnvPrefix + "HF_TOKEN=secret-text"}
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if len(o.PassEnv) != 1 || o.PassEnv[0] != "HF_TOKEN" {
		t.Errorf("pass_env in the record: %v", o.PassEnv)
	}
	err := filepath.WalkDir(s.workspace.Root, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.Contains(readFile(t, path), "secret-text") {
			t.Errorf("%s holds the secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAMissingSecretFailsBeforeTheCommand(t *testing.T) {
	script, ran := ranMark(t)
	s := newStage(t, script)
	s.manifest.PassEnv = []string{"HF_TOKEN"}
	s.environ = []string{"HF_TOKEN=here, but not passed on"}
	s.run().want(t, 1, record.Failed, "HF_TOKEN", "apply again")
	if ran() {
		t.Error("the command ran")
	}
}

func TestSlurmsVariablesArePassedOnBySlurmOnly(t *testing.T) {
	s := newStage(t, "")
	s.onSlurm("12", 0)
	s.environ = append(s.environ, "SLURM_NTASKS=1", "SLURM_CONF=/somewhere", "SLURM_EXPORT_ENV=NONE", "RUNPIPE_LOCAL_TOKEN=x")
	env := environOf(t, s)
	if env["SLURM_JOB_ID"] != "12" || env["SLURM_NTASKS"] != "1" || env["SLURM_CONF"] != "/somewhere" {
		t.Errorf("Slurm's variables are missing: %v", env)
	}
	for _, name := range []string{"SLURM_EXPORT_ENV", "RUNPIPE_LOCAL_TOKEN", "RUNPIPE_LOCAL_JOB"} {
		if value, ok := env[name]; ok {
			t.Errorf("%s=%s leaked", name, value)
		}
	}
}

func TestTheJobsOwnSlurmIsFound(t *testing.T) {
	own := t.TempDir()
	if err := os.WriteFile(filepath.Join(own, "srun"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got, want := withSlurm("/usr/bin:/bin", "relative:/absent:"+own+":/usr/bin"), own+":/usr/bin:/bin"; got != want {
		t.Errorf("PATH is %s, want %s", got, want)
	}
	if got := withSlurm(own+":/bin", own); got != own+":/bin" {
		t.Errorf("a folder that was there was added: %s", got)
	}
}

func TestPromisedGPUs(t *testing.T) {
	script, ran := ranMark(t)
	s := newStage(t, script)
	s.onSlurm("12", 0)
	s.manifest.GPUs = 2
	s.environ = append(s.environ, "CUDA_VISIBLE_DEVICES=NoDevFiles")
	s.environ = append(s.environ, "PATH="+t.TempDir()+":/usr/bin:/bin") // no nvidia-smi of the machine's
	s.run().want(t, 1, record.Failed, "promised 2 GPUs per node and sees none")
	if ran() {
		t.Error("the command ran")
	}
	s.environ = append(s.environ, "CUDA_VISIBLE_DEVICES=0,1")
	s.run().want(t, 0, record.Succeeded)
}

func TestTheLocalExecutorGoesOnWithoutGPUs(t *testing.T) {
	s := newStage(t, "true")
	s.manifest.GPUs = 1
	s.run().want(t, 0, record.Succeeded)
}
