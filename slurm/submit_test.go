package slurm_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

func TestDirectivesArriveAsData(t *testing.T) {
	t.Parallel()
	cluster := slurmtest.Shared(t)
	client := cluster.Client()
	dir := filepath.Join(t.TempDir(), `a b's "c" # %j $(touch pwned)`)
	for _, name := range []string{"log", "100%", `back\slash %j`, `["x"]`} {
		dir := filepath.Join(dir, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		want := slurm.QueuedJob{Name: `train.cnn/it's "a" # \ test`, Comment: `runpipe:1:train.cnn["lr=0.1"]:1 # it's \ $x`}
		id := submit(t, client, slurm.Submission{Job: slurm.Job{Name: want.Name, Comment: want.Comment, Log: filepath.Join(dir, "log"), Dir: dir, Script: "pwd"}})
		got := await(t, client, id, ended)
		if got.Name != want.Name || got.Comment != want.Comment || !got.State.Success() {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
		if log := read(t, filepath.Join(dir, "log")); log != dir+"\n" {
			t.Errorf("%s: the log holds %q, not the folder", name, log)
		}
	}
}

func TestResourcesArrive(t *testing.T) {
	t.Parallel()
	cluster := slurmtest.Shared(t)
	client := cluster.Client()
	log := filepath.Join(t.TempDir(), "log")
	id := submit(t, client, slurm.Submission{Job: slurm.Job{
		Log:       log,
		Resources: slurm.Resources{GPUs: 2, GPUType: "a100", CPUs: 4, Memory: 1500 << 20, Time: 5 * time.Minute},
		Site:      slurm.Site{Partition: "short"},
		Launcher:  slurm.LaunchSrun,
		Command:   []string{"bash", "-c", "echo \"gpus $CUDA_VISIBLE_DEVICES cpus $SLURM_CPUS_PER_TASK tasks $SLURM_NTASKS\""},
		Requeue:   true,
	}})
	got := show(t, cluster, id)
	for name, want := range map[string]string{"Partition": "short", "TimeLimit": "00:05:00", "CPUs/Task": "4", "MinMemoryNode": "1500M", "Requeue": "1"} {
		if got[name] != want {
			t.Errorf("%s is %s, not %s", name, got[name], want)
		}
	}
	await(t, client, id, ended)
	if want := "gpus 0,1 cpus 4 tasks 1\n"; read(t, log) != want {
		t.Errorf("the task printed %q, not %q", read(t, log), want)
	}
}

// Under the real srun: each argument as it was given, a colon (which srun takes
// for itself) among them or not.
func TestArgumentsThroughSrun(t *testing.T) {
	t.Parallel()
	client := slurmtest.Shared(t).Client()
	for name, words := range map[string][]string{
		"colon":  slurm.Nasty,
		"others": slices.DeleteFunc(slices.Clone(slurm.Nasty), func(s string) bool { return s == ":" }),
	} {
		log := filepath.Join(t.TempDir(), "log")
		id := submit(t, client, slurm.Submission{Job: slurm.Job{Log: log, Launcher: slurm.LaunchSrun, Command: append([]string{"printf", `%s\0`}, words...)}})
		await(t, client, id, ended)
		got := strings.Split(read(t, log), "\x00")
		if !slices.Equal(got[:len(got)-1], words) {
			t.Errorf("%s: other words came out:\n%s", name, cmp.Diff(words, got[:len(got)-1]))
		}
	}
}

func TestScriptThroughSrun(t *testing.T) {
	t.Parallel()
	client := slurmtest.Shared(t).Client()
	log := filepath.Join(t.TempDir(), "log")
	id := submit(t, client, slurm.Submission{Job: slurm.Job{Log: log, Launcher: slurm.LaunchSrun, Script: "x='it'\necho \"$x's task $SLURM_PROCID\"\nfalse | true\necho reached"}})
	if job := await(t, client, id, ended); job.Exit == nil || job.Exit.Code != 1 {
		t.Errorf("a pipe that failed ended as %+v", job.Exit)
	}
	if got := read(t, log); !strings.Contains(got, "it's task 0\n") || strings.Contains(got, "reached") {
		t.Errorf("the script printed %q", got)
	}
}

// Several tasks run under the supervisor, all of them, and one that fails ends the others.
func TestTasks(t *testing.T) {
	t.Parallel()
	client := slurmtest.Shared(t).Client()
	dir := t.TempDir()
	supervisor := filepath.Join(dir, "run pipe")
	if err := os.WriteFile(supervisor, []byte("#!/bin/bash\ncase $1 in\nexec) RUNPIPE_STAGE=x exec \"$2\" ;;\ntask) shift 2; exec \"$@\" ;;\nesac\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	job := slurm.Job{
		Log: filepath.Join(dir, "log"), Supervisor: []string{supervisor, "exec"}, Launcher: slurm.LaunchSrun,
		Resources: slurm.Resources{Nodes: 2, TasksPerNode: 2, CPUs: 4},
		Command:   []string{"bash", "-c", "echo rank $SLURM_PROCID of $SLURM_NTASKS with $SLURM_CPUS_PER_TASK"},
	}
	await(t, client, submit(t, client, slurm.Submission{Job: job}), ended)
	lines := strings.Split(strings.TrimSpace(read(t, job.Log)), "\n")
	slices.Sort(lines)
	if want := []string{"rank 0 of 4 with 2", "rank 1 of 4 with 2", "rank 2 of 4 with 2", "rank 3 of 4 with 2"}; !slices.Equal(lines, want) {
		t.Errorf("the tasks printed %q", lines)
	}
	job.Command = []string{"bash", "-c", "[ $SLURM_PROCID = 2 ] && exit 7; sleep 600"}
	if got := await(t, client, submit(t, client, slurm.Submission{Job: job}), ended); got.State != "FAILED" {
		t.Errorf("a job with a failed task is %+v", got)
	}
}

func TestJobEnvironment(t *testing.T) {
	t.Parallel()
	client := slurmtest.Shared(t).Client()
	client.Environ = append(client.Environ, "LEAK=1", "BASH_ENV=/no/such", "SBATCH_TIMELIMIT=1", "SBATCH_JOB_NAME=other", "SLURM_MEM_PER_NODE=1", "SBATCH_OUTPUT=/tmp/other", "LD_PRELOAD=")
	log := filepath.Join(t.TempDir(), "log")
	s := slurm.Submission{Job: slurm.Job{Name: "mine", Log: log, Command: []string{"env", "-0"}}, Env: []string{"RUNPIPE_ENV_TOKEN=s3cr3t, with 'quotes'\nand lines"}}
	path := write(t, s.Job)
	id := submit(t, client, s)
	if job := await(t, client, id, ended); job.Name != "mine" {
		t.Errorf("the environment renamed the job to %q", job.Name)
	}
	seen := map[string]string{}
	for pair := range strings.SplitSeq(read(t, log), "\x00") {
		name, value, _ := strings.Cut(pair, "=")
		seen[name] = value
	}
	if seen["RUNPIPE_ENV_TOKEN"] != "s3cr3t, with 'quotes'\nand lines" {
		t.Errorf("the secret arrived as %q", seen["RUNPIPE_ENV_TOKEN"])
	}
	for _, name := range []string{"LEAK", "BASH_ENV", "LD_PRELOAD", "SBATCH_TIMELIMIT", "SLURM_EXPORT_ENV", "LC_ALL", "SLURM_TIME_FORMAT"} {
		if value, there := seen[name]; there {
			t.Errorf("%s=%s leaked into the job", name, value)
		}
	}
	if !strings.HasSuffix(seen["PATH"], "/usr/local/bin:/usr/bin:/bin") || seen["HOME"] != os.Getenv("HOME") {
		t.Errorf("PATH is %q and HOME %q", seen["PATH"], seen["HOME"])
	}
	if strings.Contains(read(t, path), "s3cr3t") {
		t.Error("the script holds the secret")
	}
}

func TestSubmitIsRefused(t *testing.T) {
	t.Parallel()
	client := slurmtest.Shared(t).Client()
	for want, job := range map[string]slurm.Job{
		"invalid partition specified: nope":             {Site: slurm.Site{Partition: "nope"}},
		"Requested node configuration is not available": {Resources: slurm.Resources{GPUs: 9}},
		"unrecognized option '--no-such=1'":             {Site: slurm.Site{Options: []string{"--no-such=1"}}},
	} {
		job.Script = "true"
		id, err := client.Submit(t.Context(), slurm.Submission{Job: job, Path: write(t, job)})
		if id != "" || err == nil || errors.Is(err, slurm.ErrAmbiguous) || errors.Is(err, slurm.ErrUnreachable) {
			t.Errorf("%q: got job %q and %v", want, id, err)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "error:") {
			t.Errorf("the error does not tell %q cleanly: %v", want, err)
		}
	}
}

func TestTest(t *testing.T) {
	t.Parallel()
	client := slurmtest.Shared(t).Client()
	verdict, err := client.Test(t.Context(), write(t, slurm.Job{Script: "true"}))
	if err != nil || !strings.Contains(verdict, "to start at") {
		t.Errorf("a job that can run: %q, %v", verdict, err)
	}
	_, err = client.Test(t.Context(), write(t, slurm.Job{Script: "true", Resources: slurm.Resources{GPUs: 9}}))
	if err == nil || !strings.Contains(err.Error(), "Requested node configuration is not available") {
		t.Errorf("a job that cannot run: %v", err)
	}
}
