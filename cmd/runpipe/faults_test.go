package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// faultVariable tells a runpipe that a test started what to do at the steps of
// a submission:
//
//	list FILE     write the name of each into FILE
//	die N         end by SIGKILL before the Nth
//	fill N FILE KIB   before the Nth fill the disk with FILE, but for so much
//	meet N FILE   before the Nth make FILE.here, and wait for FILE.go
const faultVariable = "RUNPIPE_TEST_FAULT"

// mainWithFaults is main, but for that.
func mainWithFaults() {
	a := newApp(os.Stdin, os.Stdout, os.Stderr, os.Environ())
	a.now = skewed()
	a.step = faultyStep(strings.Fields(fault()))
	os.Exit(a.main(context.Background(), os.Args[1:]))
}

// fault is what the test wants of this process. A job's environment is none of the
// submitter's: it finds in a file beside its workspace what is to be done where, as
// "stage.a fill 3 FILE 0".
func fault() string {
	self, err := os.Executable()
	if err != nil || len(os.Args) < 2 || os.Args[1] != "exec" {
		return os.Getenv(faultVariable)
	}
	line, _ := os.ReadFile(filepath.Join(filepath.Dir(self), "../../fault")) // there need be none
	address, rest, _ := strings.Cut(string(line), " ")
	if !strings.Contains(os.Args[len(os.Args)-2], "/stages/"+address+"/job.json") {
		return ""
	}
	return rest
}

func faultyStep(words []string) func(string) {
	if len(words) == 0 {
		return nil
	}
	count, at := 0, 0
	if words[0] != "list" {
		at, _ = strconv.Atoi(words[1])
	}
	return func(name string) {
		count++
		switch {
		case words[0] == "list":
			f, _ := os.OpenFile(words[1], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			fmt.Fprintln(f, name)
			f.Close()
		case count != at:
		case words[0] == "die":
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		case words[0] == "fill":
			kib, _ := strconv.Atoi(words[3])
			if err := fill(words[2], kib<<10); err != nil {
				panic(err)
			}
		case words[0] == "meet":
			os.WriteFile(words[2]+".here", nil, 0o600)
			for !exists(words[2] + ".go") {
				time.Sleep(5 * time.Millisecond)
			}
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// threeStages is a pipeline whose stages leave a line in a file of their own
// each time they run: a, then b; and c beside them.
func threeStages(marks string) string {
	var b strings.Builder
	for _, name := range []string{"a", "b", "c"} {
		fmt.Fprintf(&b, "stage %q {\n", name)
		if name == "b" {
			b.WriteString("  after = [stage.a]\n")
		}
		fmt.Fprintf(&b, "  script = \"echo ran >> %s-%s\"\n  resources { time = \"5m\" }\n}\n", marks, name)
	}
	return b.String()
}

// trial is one submission that a fault is injected into.
type trial struct {
	*person
	step  string
	file  string // the pipeline
	marks string
	cmd   *exec.Cmd
	out   *bytes.Buffer

	failed map[string]bool // stages of which a job is known to have failed: another has run since
}

// tally counts what the faults did.
type tally struct{ injected, lost, doubled, wrong int }

func (t tally) log(tb testing.TB, fault string) {
	tb.Helper()
	tb.Logf("| fault | times injected | runs lost | jobs doubled | wrong states |")
	tb.Logf("| %s | %d | %d | %d | %d |", fault, t.injected, t.lost, t.doubled, t.wrong)
	if t.lost+t.doubled+t.wrong > 0 {
		tb.Errorf("%s: runs were lost, jobs doubled, or states wrong", fault)
	}
}

// steps lists the steps of an undisturbed submission.
func (p *person) steps() []string {
	p.Helper()
	list := filepath.Join(p.TempDir(), "steps")
	tr := p.trial(0, "undisturbed")
	tr.start("list "+list, "apply", tr.file)
	if code := tr.wait(); code != 0 {
		p.Fatalf("the undisturbed run: exit status %d\n%s", code, tr.out)
	}
	return strings.Split(strings.TrimSpace(p.read(list)), "\n")
}

func (p *person) trial(n int, step string) *trial {
	p.Helper()
	tr := &trial{person: p, step: step, file: fmt.Sprintf("t%02d.hcl", n), marks: filepath.Join(p.dir, fmt.Sprintf("marks-%02d", n))}
	p.write(tr.file, threeStages(tr.marks))
	return tr
}

// start starts runpipe with a fault, or none.
func (tr *trial) start(fault string, words ...string) {
	tr.Helper()
	tr.cmd, tr.out = tr.command(append([]string{"runpipe"}, words...)...), &bytes.Buffer{}
	tr.cmd.Env = append(tr.cmd.Env, faultVariable+"="+fault)
	tr.cmd.Stdout, tr.cmd.Stderr = tr.out, tr.out
	tr.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it would wait for ever for a cluster that is gone
	tr.must(tr.cmd.Start())
}

func (tr *trial) wait() int {
	_ = tr.cmd.Wait() // its exit status is looked at
	return tr.cmd.ProcessState.ExitCode()
}

// run is the id of the trial's newest run, or "".
func (tr *trial) run() string {
	tr.Helper()
	paths, err := fs.Glob(os.DirFS(tr.dir), ".runpipe/runs/*/"+plan.SubmittedFile)
	tr.must(err)
	id := ""
	for _, path := range paths {
		var s plan.Submitted
		tr.must(json.Unmarshal([]byte(tr.read(path)), &s))
		if filepath.Base(s.File) == tr.file {
			id = s.Run
		}
	}
	return id
}

// judge looks at how the trial ended: each stage ran once, and is said to have.
func (tr *trial) judge(t *tally, code int) {
	tr.Helper()
	t.injected++
	id := tr.run()
	if id == "" || code != 0 {
		t.lost++
		tr.Errorf("%s (%s): exit status %d\n%s", tr.step, id, code, tr.out)
		return
	}
	st, _ := tr.status(id)
	for _, s := range st.Stages {
		if s.State != run.Succeeded {
			t.wrong++
			tr.Errorf("%s (%s): %s is %s %s", tr.step, id, s.Address, s.State, s.Reason)
		}
		ran, _ := os.ReadFile(tr.marks + "-" + strings.TrimPrefix(s.Address, "stage."))
		if string(ran) != "ran\n" && !(tr.failed[s.Address] && string(ran) == "ran\nran\n") {
			t.doubled++
			tr.Errorf("%s (%s): %s left %q, want one line", tr.step, id, s.Address, ran)
		}
	}
}

// whole fails if a file of the workspace is half-written, a folder of no run is
// left, or a job of any run is.
func (p *person) whole() {
	p.Helper()
	p.nothingQueued()
	runs, err := os.ReadDir(filepath.Join(p.dir, ".runpipe/runs"))
	p.must(err)
	for _, e := range runs {
		files, _ := os.ReadDir(filepath.Join(p.dir, ".runpipe/runs", e.Name()))
		// An empty one is all that is left of who died right after making it.
		if len(files) > 0 && !exists(filepath.Join(p.dir, ".runpipe/runs", e.Name(), plan.SubmittedFile)) {
			p.Errorf("%s is left of a submission", e.Name())
		}
	}
	p.must(filepath.WalkDir(filepath.Join(p.dir, ".runpipe"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".json") && !json.Valid([]byte(p.read(path))) {
			p.Errorf("%s is not whole", path)
		}
		return err
	}))
	if p.cluster == nil {
		return
	}
	out, err := p.cluster.Run("squeue", "--noheader", "--states=COMPLETED,FAILED,TIMEOUT,NODE_FAIL", "--format=%k")
	p.must(err)
	seen := map[string]bool{}
	for token := range strings.Lines(out) {
		if seen[token] && strings.HasPrefix(token, "runpipe:") {
			p.Errorf("two jobs ran as %s", token)
		}
		seen[token] = true
	}
}

// kill -9 of apply at every step of a submission; then apply or resume.
func TestKilledSubmitter(t *testing.T) {
	t.Parallel() // it waits most of the time
	onBoth(t, func(t *testing.T, p *person) {
		var trials []*trial
		for i, step := range p.steps() {
			tr := p.trial(i+1, step)
			tr.start(fmt.Sprintf("die %d", i+1), "apply", tr.file)
			if tr.wait() != -1 {
				t.Fatalf("apply was not killed at %q:\n%s", step, tr.out)
			}
			trials = append(trials, tr)
		}
		for i, tr := range trials {
			words := []string{"apply", tr.file}
			if id := tr.run(); id != "" && i%2 == 0 {
				words = []string{"resume", id}
			}
			tr.start("", words...)
		}
		var count tally
		for _, tr := range trials {
			tr.judge(&count, tr.wait())
		}
		p.gets(0, "runpipe", "apply", trials[0].file) // sweeps, and runs nothing
		p.whole()
		count.log(t, "SIGKILL of apply, "+p.executor)
	})
}

// disturbance is a fault of the controller that hits many submissions at once,
// each at another step.
type disturbance struct {
	name   string
	fault  func() error
	lasts  time.Duration
	repair func() error
	until  string // the first step that it does not have to be borne at, or ""
}

// hits starts a submission for each step, lets each come to its step, injects
// the fault into all of them, and expects them to end as if nothing had been.
func (d disturbance) hits(t *testing.T, p *person) {
	t.Helper()
	var trials []*trial
	meeting := filepath.Join(t.TempDir(), "meet")
	steps := p.steps()
	p.must(p.cluster.RestartController()) // it saves its state: nobody looks after that first run any more
	for i, step := range steps {
		if step == d.until {
			break
		}
		tr := p.trial(i+1, step)
		tr.start(fmt.Sprintf("meet %d %s-%d", i+1, meeting, i+1), "apply", tr.file)
		trials = append(trials, tr)
	}
	for i, tr := range trials {
		await(t, "apply to come to "+tr.step, func() bool { return exists(fmt.Sprintf("%s-%d.here", meeting, i+1)) })
	}
	p.must(d.fault())
	for i := range trials {
		p.must(os.WriteFile(fmt.Sprintf("%s-%d.go", meeting, i+1), nil, 0o600))
	}
	time.Sleep(d.lasts) // how long the fault lasts is part of it
	p.must(d.repair())
	var count tally
	for _, tr := range trials {
		tr.judge(&count, tr.wait())
	}
	p.whole()
	count.log(t, d.name)
}

// A controller that is frozen for longer than sbatch waits (each answer is
// "maybe"); one that is started again; one that is killed, with the jobs that it
// had accepted within the last seconds and not saved.
func TestDisturbedController(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := slurmtest.Start(t)
	p := newPerson(t, c)
	none := func() error { return nil }
	for _, d := range []disturbance{
		{"SIGSTOP of slurmctld for 13 s", c.StopController, 13 * time.Second, c.ContinueController, ""},
		{"slurmctld started again", none, 0, c.RestartController, ""},
	} {
		began := time.Now()
		t.Run(strings.ReplaceAll(d.name, " ", "_"), func(t *testing.T) {
			fresh := *p
			fresh.TB, fresh.dir = t, t.TempDir()
			d.hits(t, &fresh)
		})
		t.Logf("%s took %s", d.name, time.Since(began).Round(time.Second))
	}
}
