package slurm_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

func TestMain(m *testing.M) { os.Exit(slurmtest.Main(m)) }

// patience is how long any job of these tests may take on a slow machine.
const patience = 90 * time.Second

// submit renders the job, with a log where it has none, and submits it.
func submit(t *testing.T, c *slurm.Client, s slurm.Submission) string {
	t.Helper()
	if s.Job.Name == "" {
		s.Job.Name = t.Name()
	}
	if s.Job.Log == "" {
		s.Job.Log = filepath.Join(t.TempDir(), "log")
	}
	s.Path = write(t, s.Job)
	id, err := c.Submit(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func write(t *testing.T, job slurm.Job) string {
	t.Helper()
	text, err := job.Render()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "job.sh")
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// await asks the queue until the job is as wanted.
func await(t *testing.T, c *slurm.Client, id string, wanted func(slurm.QueuedJob) bool) slurm.QueuedJob {
	t.Helper()
	var last slurm.QueuedJob
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		jobs, err := c.Queue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, job := range jobs {
			if job.ID != id {
				continue
			}
			if last = job; wanted(job) {
				return job
			}
		}
	}
	t.Fatalf("job %s did not come to be as wanted; it is %+v", id, last)
	return last
}

func ended(j slurm.QueuedJob) bool   { return j.State.Phase() == slurm.Ended }
func running(j slurm.QueuedJob) bool { return j.State == "RUNNING" }
func because(reason string) func(slurm.QueuedJob) bool {
	return func(j slurm.QueuedJob) bool { return j.Reason == reason }
}

// read is what a job has written to its log. A log appears as the job ends at the latest.
func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func sh(text string) slurm.Submission {
	return slurm.Submission{Job: slurm.Job{Script: text}}
}

// show is scontrol show job, as fields.
func show(t *testing.T, cluster *slurmtest.Cluster, id string) map[string]string {
	t.Helper()
	out, err := cluster.Run("scontrol", "--oneliner", "show", "job", id)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	for field := range strings.FieldsSeq(out) {
		if name, value, ok := strings.Cut(field, "="); ok {
			fields[name] = value
		}
	}
	return fields
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
