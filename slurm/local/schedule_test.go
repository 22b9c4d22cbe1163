package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/slurm"
)

func resources(res slurm.Resources) func(*slurm.Submission) {
	return func(s *slurm.Submission) { s.Job.Resources = res }
}

// gate is a script that says that it runs, and waits for the file go-<name>.
func gate(name string) string {
	return fmt.Sprintf("echo up >up-%[1]s\nuntil [ -e go-%[1]s ]; do sleep 0.01; done", name)
}

func (r *run) open(name string) {
	r.Helper()
	if err := os.WriteFile(filepath.Join(r.home, "go-"+name), nil, 0o600); err != nil {
		r.Fatal(err)
	}
}

func TestJobsRunSideBySideAsCPUsAllow(t *testing.T) {
	cpus := capacity("/proc", "/sys/fs/cgroup").CPUs
	r := newRun(t)
	var ids []string
	for i := range cpus + 1 {
		ids = append(ids, r.submit(fmt.Sprint(i), gate(fmt.Sprint(i)), held))
	}
	all := r.submit("all", gate("all"), held, resources(slurm.Resources{CPUs: 10 * cpus, Memory: 1 << 60})) // capped
	late := r.submit("late", "true", held)
	r.release(append(slices.Clone(ids), all, late)...)
	for i := range cpus {
		r.awaitFile(fmt.Sprint("up-", i))
	}
	wait := func(id string) {
		t.Helper()
		if j := r.queue()[id]; j.State != "PENDING" || j.Reason != "Resources" {
			t.Errorf("no CPU is left, and job %s is %+v", id, j)
		}
	}
	wait(ids[cpus])
	r.open("0")
	r.awaitState(ids[cpus], "RUNNING")
	for i := range cpus + 1 {
		r.open(fmt.Sprint(i))
	}
	r.awaitFile("up-all") // and late has not overtaken it
	wait(late)
	r.open("all")
	r.awaitState(late, "COMPLETED")
}

func TestScheduleReservesForTheOldest(t *testing.T) {
	type row struct {
		number, cpus, gpus int
		memory             int64
		runs, starts       bool
	}
	for name, rows := range map[string][]row{
		"first come, first served":    {{1, 2, 0, 0, false, true}, {2, 2, 0, 0, false, true}, {3, 1, 0, 0, false, false}},
		"overtaking leaves room":      {{1, 2, 0, 0, true, true}, {2, 3, 0, 0, false, false}, {3, 1, 0, 0, false, true}, {4, 1, 0, 0, false, false}},
		"a job for all stops the way": {{1, 1, 0, 0, true, true}, {2, 4, 0, 0, false, false}, {3, 1, 0, 0, false, false}},
		"too large is capped":         {{1, 99, 0, 99, false, true}, {2, 1, 0, 0, false, false}},
		"memory counts":               {{1, 1, 0, 6, false, true}, {2, 1, 0, 6, false, false}, {3, 1, 0, 2, false, true}, {4, 1, 0, 0, false, true}},
		"overtakers together":         {{1, 1, 0, 0, true, true}, {2, 4, 0, 0, false, false}, {3, 1, 0, 0, true, true}, {4, 1, 0, 0, false, false}},
	} {
		s := &scheduler{machine: Machine{CPUs: 4, Memory: 8}, running: map[string]*batch{}, looked: true, gpus: &gpuPool{}}
		var started []int
		s.begin = func(j *job, _ []*gpuSlot) (*batch, error) {
			started = append(started, j.number)
			return &batch{job: j}, nil
		}
		var want []int
		for _, row := range rows {
			j := &job{id: strconv.Itoa(row.number), number: row.number, status: status{State: "PENDING"}}
			j.Resources = slurm.Resources{CPUs: row.cpus, Memory: row.memory}
			s.ledger.jobs = append(s.ledger.jobs, j)
			if row.runs {
				j.State = "RUNNING"
				s.running[j.id] = &batch{job: j, claim: claimOf(j.Resources, s.machine)}
			} else if row.starts {
				want = append(want, row.number)
			}
		}
		s.schedule(context.Background())
		if !slices.Equal(started, want) {
			t.Errorf("%s: started %v, want %v", name, started, want)
		}
	}
}

// fakeGPUs puts an nvidia-smi on PATH that lists n GPUs. There is none on the
// machines that these tests must run on.
func fakeGPUs(t *testing.T, n int) {
	t.Helper()
	script := "#!/bin/sh\n[ \"$*\" = \"--query-gpu=index,uuid,name,memory.total --format=csv,noheader,nounits\" ] || exit 2\n"
	for i := range n {
		script += fmt.Sprintf("echo '%d, GPU-%d%d, NVIDIA A100-SXM4-40GB, 40960'\n", i, i, i)
	}
	fakeSMI(t, script)
}

func fakeSMI(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	if visible, ok := os.LookupEnv("CUDA_VISIBLE_DEVICES"); ok {
		t.Setenv("CUDA_VISIBLE_DEVICES", visible) // restored when the test ends
		os.Unsetenv("CUDA_VISIBLE_DEVICES")
	}
}

func TestGPUsAreHandedOut(t *testing.T) {
	r := newRun(t)
	fakeGPUs(t, 3)
	gpu := func(n int) func(*slurm.Submission) { return resources(slurm.Resources{GPUs: n}) }
	say := "\necho \"$CUDA_VISIBLE_DEVICES $CUDA_DEVICE_ORDER\" >gpus-"
	one := r.submit("one", "echo \"$CUDA_VISIBLE_DEVICES $CUDA_DEVICE_ORDER\" >gpus-one\n"+gate("one"), gpu(1))
	r.awaitFile("up-one")
	three := r.submit("three", "true"+say+"three", gpu(3))
	if j := r.queue()[three]; j.State != "PENDING" || j.Reason != "Resources" {
		t.Errorf("one GPU is taken, and the job that wants all is %+v", j)
	}

	// Another run on the machine has what is left, and waits for the rest.
	other := anotherRun(t)
	other.home = r.home
	two := other.submit("two", "true"+say+"two\n"+gate("two"), gpu(2))
	other.awaitFile("up-two")
	third := other.submit("third", "true"+say+"third", gpu(1), after())
	r.open("one")
	r.awaitState(one, "COMPLETED")
	other.awaitState(third, "COMPLETED")
	if j := r.queue()[three]; j.State != "PENDING" {
		t.Errorf("another run has two GPUs, and the job that wants three is %+v", j)
	}
	// That one wants no CPU that is not free: it keeps no one from running.
	plain := r.submit("plain", "true", resources(slurm.Resources{CPUs: 1 << 20}))
	r.awaitState(plain, "COMPLETED")
	r.open("two")
	other.awaitState(two, "COMPLETED")
	r.awaitState(three, "COMPLETED")
	for name, want := range map[string]string{"one": "0", "two": "1,2", "third": "0", "three": "0,1,2"} {
		if got := r.awaitFile("gpus-" + name); got != want+" PCI_BUS_ID" {
			t.Errorf("job %s has GPUs %q, want %q", name, got, want)
		}
	}
	other.awaitGone()

	s := r.submission("four", "true")
	s.Job.Resources.GPUs = 4
	if _, err := r.Submit(context.Background(), s); err == nil || !strings.Contains(err.Error(), "4 GPUs were asked for, and this machine has 3") {
		t.Errorf("more GPUs than there are: %v", err)
	}
}

func TestNoGPUsAtAll(t *testing.T) {
	r := newRun(t)
	fakeSMI(t, "#!/bin/sh\necho No devices were found; exit 6\n")
	id := r.submit("a", `echo "[$CUDA_VISIBLE_DEVICES]"`, resources(slurm.Resources{GPUs: 2}))
	r.awaitState(id, "COMPLETED")
	if got := r.read(r.log("a")); got != "[]\n" {
		t.Errorf("log %q", got)
	}
}

func TestGPULocksFolderMustBePrivate(t *testing.T) {
	r := newRun(t)
	fakeGPUs(t, 1)
	if err := os.Mkdir(filepath.Join(os.TempDir(), "runpipe-"+strconv.Itoa(os.Getuid())), 0o777); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("chmod", "777", filepath.Join(os.TempDir(), "runpipe-"+strconv.Itoa(os.Getuid()))).CombinedOutput(); err != nil {
		t.Fatal(string(out))
	}
	id := r.submit("a", "true", resources(slurm.Resources{GPUs: 1}))
	if j := r.awaitState(id, "FAILED"); !strings.Contains(j.Reason, "mode 700") {
		t.Errorf("%+v", j)
	}
	if plain := r.submit("b", "true"); r.awaitState(plain, "COMPLETED").ID == "" {
		t.Error("a job without GPUs suffers")
	}
}

func TestGPUsOfTheKilledSchedulerAreFree(t *testing.T) {
	r := newRun(t)
	fakeGPUs(t, 1)
	id := r.submit("a", "echo up >up; exec sleep 300", resources(slurm.Resources{GPUs: 1}))
	r.awaitFile("up")
	r.signal(r.scheduler(), "-KILL")
	r.awaitState(id, "NODE_FAIL")
	next := r.submit("b", "true", resources(slurm.Resources{GPUs: 1}))
	r.awaitState(next, "COMPLETED")
}

func TestManyJobs(t *testing.T) {
	r := newRun(t)
	const count = 200
	var ids []string
	for i := range count {
		var change []func(*slurm.Submission)
		if i%4 == 0 {
			change = append(change, held)
		} else {
			change = append(change, after(ids[i-1])) // fifty chains of four
		}
		ids = append(ids, r.submit(fmt.Sprint("job-", i), "true", change...))
	}
	r.release(ids...)
	for _, id := range ids {
		r.awaitState(id, "COMPLETED")
	}
	r.awaitGone()
}

// BenchmarkChain is four trivial jobs in a row, from the first submission on
// until the last has ended.
func BenchmarkChain(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		e := New(filepath.Join(dir, "local"), Options{Serve: []string{os.Args[0], "schedule", filepath.Join(dir, "local")}})
		script := filepath.Join(dir, "job.sh")
		if err := os.WriteFile(script, []byte("true\n"), 0o600); err != nil {
			b.Fatal(err)
		}
		last := ""
		for n := range 4 {
			s := slurm.Submission{Path: script, Hold: n == 0, Job: slurm.Job{Name: "a", Dir: dir, Log: filepath.Join(dir, "log")}}
			if last != "" {
				s.After = []string{last}
			}
			id, err := e.Submit(b.Context(), s)
			if err != nil {
				b.Fatal(err)
			}
			last = id
		}
		if err := e.Release(b.Context(), "1"); err != nil {
			b.Fatal(err)
		}
		for {
			q, err := e.Queue(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if q[3].State == "COMPLETED" {
				break
			}
		}
	}
}
