package slurm_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	client := slurmtest.Shared(t).Client()
	for text, want := range map[string]slurm.ExitCode{
		"exit 0":                {},
		"exit 4":                {Code: 4},
		"exit 255":              {Code: 255},
		"sleep 0.1; kill -9 $$": {Signal: int(syscall.SIGKILL)},
	} {
		before := time.Now().Add(-2 * time.Second)
		id := submit(t, client, sh(text))
		job := await(t, client, id, ended)
		if job.Exit == nil || *job.Exit != want {
			t.Errorf("%q ended as %+v, not %+v", text, job.Exit, want)
		}
		for what, when := range map[string]time.Time{"submission": job.Submit, "start": job.Start, "end": job.End} {
			if when.Before(before) || when.After(time.Now().Add(2*time.Second)) {
				t.Errorf("%q: its %s was at %v", text, what, when)
			}
		}
		if !strings.HasPrefix(job.Node, "n") || job.State.Success() != (want == slurm.ExitCode{}) {
			t.Errorf("%q: %+v", text, job)
		}
	}
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	client := slurmtest.Shared(t).Client()
	log := filepath.Join(t.TempDir(), "log")
	first := sh("echo first")
	first.Job.Log, first.Hold = log, true
	a := submit(t, client, first)
	second := sh("echo second")
	second.Job.Log, second.After = log, []string{a}
	b := submit(t, client, second)
	if job := await(t, client, b, because("Dependency")); job.State != "PENDING" || !job.Start.IsZero() || job.Exit != nil {
		t.Errorf("a job that waits is %+v", job)
	}
	if err := client.Release(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	await(t, client, b, ended)
	if got := read(t, log); got != "first\nsecond\n" {
		t.Errorf("the jobs wrote %q", got)
	}
}

func TestFailedDependency(t *testing.T) {
	t.Parallel()
	client := slurmtest.Shared(t).Client()
	head := sh("exit 1")
	head.Hold = true
	a := submit(t, client, head)
	next := sh("echo reached")
	next.After = []string{a}
	b := submit(t, client, next)
	next.After = []string{b}
	c := submit(t, client, next)
	orphan := sh("echo reached")
	orphan.After, orphan.Orphan = []string{a}, true
	o := submit(t, client, orphan)
	if err := client.Release(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{b, c} {
		if job := await(t, client, id, ended); job.State != "CANCELLED" || job.Reason != "DependencyNeverSatisfied" || !job.Start.IsZero() && job.Node != "" {
			t.Errorf("job %s after a failure is %+v", id, job)
		}
	}
	if job := await(t, client, o, because("DependencyNeverSatisfied")); job.State != "PENDING" {
		t.Errorf("the orphan is %+v", job)
	}
	if err := client.Cancel(t.Context(), o); err != nil {
		t.Error(err)
	}
}

func TestReleaseAndCancelTolerateWhatIsOver(t *testing.T) {
	t.Parallel()
	client := slurmtest.Shared(t).Client()
	over := submit(t, client, sh("true"))
	await(t, client, over, ended)
	held := sh("sleep 600")
	held.Hold = true
	id := submit(t, client, held)
	await(t, client, id, because("JobHeldUser"))
	for range 2 {
		if err := client.Release(t.Context(), "4000000", over, id); err != nil {
			t.Errorf("releasing: %v", err)
		}
	}
	await(t, client, id, running)
	for range 2 {
		if err := client.Cancel(t.Context(), over, "4000000", id); err != nil {
			t.Errorf("cancelling: %v", err)
		}
		if job := await(t, client, id, ended); job.State != "CANCELLED" {
			t.Errorf("the job is %+v", job)
		}
	}
	if err := client.Release(t.Context(), over, id); err != nil {
		t.Errorf("releasing a cancelled job: %v", err)
	}
	for _, bad := range []string{"", "all", "-u", "1,2", "5_x"} {
		if client.Cancel(t.Context(), bad) == nil || client.Release(t.Context(), bad) == nil {
			t.Errorf("%q was taken for a job's id", bad)
		}
	}
	if err := errors.Join(client.Cancel(t.Context()), client.Release(t.Context())); err != nil {
		t.Errorf("no job at all: %v", err)
	}
}

func TestQueueKeepsStrangeJobsApart(t *testing.T) {
	t.Parallel()
	cluster := slurmtest.Shared(t)
	client := cluster.Client()
	comment := "two\nlines | and; \t more"
	out, err := cluster.Run("sbatch", "--parsable", "--hold", "--array=3,7-9%2", "--job-name=arr|ay", "--comment="+comment, "--wrap=true")
	if err != nil {
		t.Fatal(err)
	}
	id := strings.TrimSpace(out)
	job := await(t, client, id+"_[3,7-9%2]", func(slurm.QueuedJob) bool { return true })
	if job.Comment != comment || job.Name != "arr|ay" || job.State != "PENDING" {
		t.Errorf("got %+v", job)
	}
	if err := client.Cancel(t.Context(), id); err != nil {
		t.Error(err)
	}
}

func TestRestarts(t *testing.T) {
	t.Parallel()
	client := slurmtest.Shared(t).Client()
	s := sh("echo run ${SLURM_RESTART_COUNT:-0}\n[ \"${SLURM_RESTART_COUNT:-0}\" = 1 ] || { scontrol requeue \"$SLURM_JOB_ID\"; sleep 600; }")
	s.Job.Requeue, s.Job.Log = true, filepath.Join(t.TempDir(), "log")
	id := submit(t, client, s)
	job := await(t, client, id, ended)
	if job.Restarts != 1 || !job.State.Success() {
		t.Errorf("a job that ran twice is %+v", job)
	}
	if log := read(t, s.Job.Log); !strings.Contains(log, "run 0\n") || !strings.Contains(log, "run 1\n") {
		t.Errorf("the log of the first run is gone: %q", log)
	}
}

func TestNoAccounting(t *testing.T) {
	t.Parallel()
	client := slurmtest.Shared(t).Client()
	if _, err := client.History(t.Context(), "1"); !errors.Is(err, slurm.ErrNoAccounting) {
		t.Errorf("got %v", err)
	}
	if jobs, err := client.History(t.Context()); err != nil || jobs != nil {
		t.Errorf("no ids: %v, %v", jobs, err)
	}
}

func TestFind(t *testing.T) {
	cluster := slurmtest.Shared(t)
	for _, pair := range cluster.Env() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	c, err := slurm.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Queue(t.Context()); err != nil {
		t.Error(err)
	}
	t.Setenv("SLURM_CONF", filepath.Join(t.TempDir(), "slurm.conf"))
	if _, err := slurm.Find(t.Context()); !errors.Is(err, slurm.ErrUnreachable) || errors.Is(err, slurm.ErrAbsent) {
		t.Errorf("with a SLURM_CONF that names no file: %v", err)
	}
	job := slurm.Job{Name: "x", Log: filepath.Join(t.TempDir(), "log"), Script: "true"}
	_, err = c.Submit(t.Context(), slurm.Submission{Job: job, Path: write(t, job)})
	if !errors.Is(err, slurm.ErrUnreachable) || errors.Is(err, slurm.ErrAmbiguous) || !strings.HasSuffix(err.Error(), "No such file or directory") {
		t.Errorf("submitting with a SLURM_CONF that names no file: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := slurm.Find(t.Context()); !errors.Is(err, slurm.ErrAbsent) || !strings.Contains(err.Error(), "sbatch is not on PATH") {
		t.Errorf("without sbatch: %v", err)
	}
}

// A controller that is down, and one that does not answer.
func TestControllerFaults(t *testing.T) {
	t.Parallel()
	cluster := slurmtest.Start(t, slurmtest.Nodes(1))
	client := cluster.Client()
	job := slurm.Job{Name: "x", Comment: "token", Log: filepath.Join(t.TempDir(), "log"), Script: "true"}
	s := slurm.Submission{Job: job, Path: write(t, job)}

	if err := cluster.StopController(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Submit(within(t, time.Second), s); !errors.Is(err, slurm.ErrAmbiguous) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := client.Submit(t.Context(), s); !errors.Is(err, slurm.ErrAmbiguous) {
		t.Errorf("timed out: %v", err)
	}
	if err := cluster.ContinueController(); err != nil {
		t.Fatal(err)
	}

	cluster.KillController()
	if _, err := client.Submit(t.Context(), s); !errors.Is(err, slurm.ErrUnreachable) || errors.Is(err, slurm.ErrAmbiguous) {
		t.Errorf("down: %v", err)
	}
	if jobs, err := client.Queue(within(t, 2*time.Second)); err == nil {
		t.Errorf("a queue that cannot be asked holds %v", jobs)
	}
	if err := cluster.RestartController(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Submit(t.Context(), s); err != nil {
		t.Error(err)
	}
}

func TestNothingIsRunAfterTheContextEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "sbatch"), []byte("#!/bin/sh\necho 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if id, err := slurm.NewClient(bin).Submit(ctx, slurm.Submission{Path: "x"}); id != "" || !errors.Is(err, context.Canceled) || errors.Is(err, slurm.ErrAmbiguous) {
		t.Errorf("got job %q and %v", id, err)
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	cluster := slurmtest.Start(t, slurmtest.Nodes(1), slurmtest.Accounting(), slurmtest.MinJobAge(2))
	client := cluster.Client()
	failed := sh("exit 4")
	failed.Job.Name, failed.Job.Comment = "train.cnn", "token | of: mine"
	a := submit(t, client, failed)
	waits := sh("true")
	waits.Hold = true
	b := submit(t, client, waits)
	want := await(t, client, a, ended)
	if err := client.Cancel(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	var jobs map[string]slurm.QueuedJob
	for deadline := time.Now().Add(patience); jobs[a].Name == "" || jobs[a].State.Phase() != slurm.Ended || jobs[b].State.Phase() != slurm.Ended; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the accounting does not come to know the jobs' ends: %+v", jobs)
		}
		list, err := client.History(t.Context(), a, b, "4000000")
		if err != nil {
			t.Fatal(err)
		}
		jobs = map[string]slurm.QueuedJob{}
		for _, job := range list {
			jobs[job.ID] = job
		}
	}
	got := jobs[a]
	want.Reason, got.Reason = "", "" // the accounting keeps why it waited, not why it ended
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the accounting tells otherwise than the queue (-queue +accounting):\n%s", diff)
	}
	if got := jobs[b]; len(jobs) != 2 || got.State != "CANCELLED" || got.Node != "" || !got.Start.IsZero() {
		t.Errorf("a job that was cancelled before it started: %+v, among %d", got, len(jobs))
	}
}
