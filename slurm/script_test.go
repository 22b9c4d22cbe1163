package slurm

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Nasty is for the tests from outside.
var Nasty = nasty

func nice(n int) *int { return &n }

var golden = map[string]Job{
	"train": {
		Name: "train.cnn/mnist", Comment: "runpipe:20261123-142233-k3f9:train.cnn:1",
		Log: "/home/me/.runpipe/runs/20261123-142233-k3f9/stages/train.cnn/attempt-1/log", Dir: "/home/me/.runpipe/runs/20261123-142233-k3f9/stages/train.cnn",
		Resources: Resources{GPUs: 1, CPUs: 4, Memory: 16 << 30, Time: time.Hour},
		Site:      Site{Partition: "gpu"},
		About:     []string{"Stage train.cnn of mnist.hcl, code pinned to keras-io 1f2e3d4."},
		Supervisor: []string{"/home/me/.runpipe/bin/runpipe-5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9", "exec",
			"--sha256=6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b", "/home/me/.runpipe/runs/20261123-142233-k3f9/stages/train.cnn/job.json"},
		Exports:  []Export{{"KERAS_BACKEND", "jax"}},
		Modules:  []string{"cuda/12.4", "python/3.10"},
		Activate: "/home/me/.runpipe/envs/python-77c1",
		Launcher: LaunchSrun,
		Command:  []string{"python", "src/train.py", "--epochs", "5"},
	},
	"site": {
		Name: "train.cnn", Log: "/home/o'brien/my runs/100%/log", Dir: "/home/o'brien/my runs", Requeue: true,
		Resources: Resources{GPUs: 2, GPUType: "a100", CPUs: 8, Memory: 1500 << 20, Time: 49*time.Hour + 1500*time.Millisecond, Nodes: 2, TasksPerNode: 4},
		Site: Site{Partition: "gpu", Account: "dept", QOS: "normal", Constraint: "a100&(ib|nvlink)", Reservation: "class monday", NodeList: "gpu[01-04]",
			Exclude: "gpu03", Exclusive: true, Nice: nice(100), Options: []string{"--mail-type=END,FAIL", "--mail-user=me@example.org", "--licenses=matlab # 1", "--contiguous"}},
		Supervisor: []string{"/home/o'brien/my runs/runpipe", "exec", "/home/o'brien/my runs/job.json"},
		Launcher:   LaunchSrun,
		Command: []string{"python", "-m", "llm.train", "--model", "meta-llama/Llama-3.1-8B", "--prompt", "It costs $5, it's \"cheap\"", "--layers", "q_proj", "k_proj", "v_proj",
			"--learning-rate=1e-4", "--output", "out/adapter", "--note", "two words"},
	},
	"script": {
		Name: "stage.prepare", Log: "/w/log",
		About:      []string{"Stage stage.prepare\nSBATCH --time=99:00:00", "#SBATCH --exclusive", "shellcheck disable=all"},
		Supervisor: []string{"/w/runpipe", "exec", "/w/job.json"},
		Launcher:   LaunchNone,
		Script:     "for f in data/*.gz; do\n  gunzip --keep \"$f\"\ndone\n",
	},
	"script-srun": {
		Name: "stage.prepare", Log: "/w/log", Resources: Resources{CPUs: 2},
		Supervisor: []string{"/w/runpipe", "exec", "/w/job.json"},
		Launcher:   LaunchSrun,
		Script:     "echo \"rank $SLURM_PROCID\"\necho 'done'\n",
	},
	"conda": {
		Name: "train.cnn", Log: "/w/log",
		Modules:  []string{"cuda/12.4"},
		Conda:    "/home/o'brien/my $runs/store/77c1/outputs/venv",
		Launcher: LaunchSrun,
		Command:  []string{"python", "train.py"},
	},
	"colon": {Name: "stage.x", Launcher: LaunchSrun, Command: []string{"compare", "a b", ":", "c"}},
	"plain": {Name: "stage.x", Launcher: LaunchNone, Command: []string{"test", "-e", "out/model.keras"}},
}

func TestRenderGolden(t *testing.T) {
	var files []string
	for name, job := range golden {
		got, err := job.Render()
		if err != nil {
			t.Error(err)
			continue
		}
		file := filepath.Join("testdata", name+".sh")
		files = append(files, file)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got, -update writes it anew):\n%s", file, diff)
		}
	}
	shellcheck(t, files)
}

func shellcheck(t *testing.T, files []string) {
	t.Helper()
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Fatal("shellcheck is not installed, and nothing else can judge a script")
	}
	out, err := exec.Command("shellcheck", append([]string{"--norc", "--format=gcc"}, files...)...).CombinedOutput()
	if err != nil {
		t.Errorf("shellcheck: %v\n%.3000s", err, out)
	}
}

// Every nasty word at every place where a word may stand.
func TestRenderIsCleanUnderShellcheck(t *testing.T) {
	dir := t.TempDir()
	var files []string
	add := func(job Job) {
		text, err := job.Render()
		if err != nil {
			return // refused, which is clean as well
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.sh", len(files)))
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	var exports []Export
	for i, word := range nasty {
		exports = append(exports, Export{fmt.Sprintf("X%d", i), word})
		if word != "" {
			add(Job{Name: word, Command: []string{word, word}})
			add(Job{Name: word, Script: "true " + Quote(word), Launcher: LaunchSrun})
		}
	}
	all := Job{Name: "all", About: nasty, Exports: exports, Command: append([]string{"/bin/true"}, nasty...), Supervisor: append([]string{"/bin/true"}, nasty...)}
	add(all)
	all.Launcher, all.Resources.Nodes = LaunchSrun, 2
	add(all)
	if len(files) < len(nasty) {
		t.Fatalf("only %d scripts were written", len(files))
	}
	shellcheck(t, files)
}

// play renders the job and runs it where the program "show" prints its
// arguments, each with a NUL after it.
func play(t *testing.T, job Job, env ...string) []string {
	t.Helper()
	text, err := job.Render()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, program := range map[string]string{"show": "#!/bin/bash\nprintf '%s\\0' \"$@\"\n", "job.sh": string(text)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(program), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(dir, "job.sh"))
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + dir + ":/usr/bin:/bin"}, env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, &stderr, text)
	}
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Fatalf("a word was run:\n%s", text)
	}
	words := strings.Split(string(out), "\x00")
	return words[:len(words)-1]
}

func TestRenderedCommandKeepsItsArguments(t *testing.T) {
	job := Job{Name: "x", Supervisor: []string{"/bin/false"}, About: nasty, Command: append([]string{"show"}, nasty...)}
	if got := play(t, job, "RUNPIPE_STAGE=x"); !slices.Equal(got, nasty) {
		t.Errorf("the command got other words:\n%s", cmp.Diff(nasty, got))
	}
}

func TestRenderedScriptBecomesTheSupervisor(t *testing.T) {
	job := Job{Name: "x", Supervisor: append([]string{"/usr/bin/printf", `%s\0`}, nasty...), Command: []string{"false"}}
	got := play(t, job)
	if want := nasty; len(got) != len(want)+1 || !slices.Equal(got[:len(want)], want) || filepath.Base(got[len(want)]) != "job.sh" {
		t.Errorf("the supervisor got other words:\n%s", cmp.Diff(want, got))
	}
}

func TestRenderedExportsKeepTheirValues(t *testing.T) {
	job := Job{Name: "x", Command: []string{"env", "-0"}}
	var want []string
	for i, word := range nasty {
		job.Exports = append(job.Exports, Export{fmt.Sprintf("X%d", i), word})
		want = append(want, fmt.Sprintf("X%d=%s", i, word))
	}
	got := play(t, job)
	for _, pair := range want {
		if !slices.Contains(got, pair) {
			t.Errorf("%q is not in the environment", pair)
		}
	}
}

// A word that bash has its own meaning for is a program all the same.
func TestRenderedCommandIsAProgram(t *testing.T) {
	for _, word := range []string{"time", "exit", "cd", "if", "a=b", "{", "[[", ":", "echo", "two words", "module"} {
		text, err := Job{Name: "x", Command: []string{word, "1"}}.Render()
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		cmd := exec.Command("bash", "-s")
		cmd.Stdin = bytes.NewReader(text)
		program := "#!/bin/bash\nprintf 'program %s' \"$*\"\n"
		if err := os.WriteFile(filepath.Join(dir, word), []byte(program), 0o755); err != nil {
			t.Fatal(err)
		}
		cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin"}
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != "program 1" {
			t.Errorf("%q was no program: %v, %q\n%s", word, err, out, text)
		}
	}
}

func TestRenderedScriptStopsAtTheFirstFault(t *testing.T) {
	for name, job := range map[string]Job{
		"module":      {Name: "x", Modules: []string{"no/such"}, Command: []string{"touch", "reached"}},
		"environment": {Name: "x", Activate: "/no/such", Command: []string{"touch", "reached"}},
		"conda":       {Name: "x", Conda: "/no/such", Command: []string{"touch", "reached"}},
		"script":      {Name: "x", Script: "false\ntouch reached"},
		"unset":       {Name: "x", Script: "touch \"reached$unset\""},
		"pipe":        {Name: "x", Script: "false | true\ntouch reached"},
	} {
		text, err := job.Render()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("bash", "-s")
		cmd.Dir = t.TempDir()
		cmd.Env = []string{"PATH=/usr/bin:/bin"}
		cmd.Stdin = bytes.NewReader(text)
		if err := cmd.Run(); err == nil {
			t.Errorf("%s: the script went on and ended with 0", name)
		}
		if _, err := os.Stat(filepath.Join(cmd.Dir, "reached")); err == nil {
			t.Errorf("%s: the script went on", name)
		}
	}
}

// The environment of conda's is what `conda activate` would make of it, whatever its
// path and however its scripts end.
func TestRenderedScriptActivatesConda(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "o'brien $(id) *", "env")
	for name, text := range map[string]string{
		"bin/tool":                    "#!/bin/sh\necho \"$A $B $CONDA_PREFIX $CONDA_DEFAULT_ENV\"\n",
		"etc/conda/activate.d/a.sh":   "A=1\nexport A\nfalse\n",
		"etc/conda/activate.d/b.sh":   "export B=\"$A$unset\"\n",
		"etc/conda/activate.d/c.fish": "exit 1\n",
	} {
		path := filepath.Join(prefix, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(t.TempDir(), "venv")
	if err := os.Symlink(prefix, link); err != nil {
		t.Fatal(err)
	}
	text, err := Job{Name: "x", Conda: link, Script: "tool"}.Render()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-s")
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.Stdin = bytes.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "1 1 "+prefix+" "+prefix+"\n" {
		t.Errorf("%v, %q\n%s", err, out, text)
	}
}

func TestRenderRefuses(t *testing.T) {
	ok := Job{Name: "x", Command: []string{"true"}}
	change := func(f func(*Job)) Job { job := ok; f(&job); return job }
	for want, job := range map[string]Job{
		"--partition":            change(func(j *Job) { j.Site.Partition = "gpu\n#SBATCH --time=9" }),
		"--account":              change(func(j *Job) { j.Site.Account = "a\x00b" }),
		"--job-name":             change(func(j *Job) { j.Name = "a\tb" }),
		"--comment: 1025":        change(func(j *Job) { j.Comment = strings.Repeat("x", 1025) }),
		"--qos":                  change(func(j *Job) { j.Site.QOS = "\xff" }),
		"--gres":                 change(func(j *Job) { j.Resources = Resources{GPUs: 1, GPUType: "a100:8,gpu:b"} }),
		"multiple of 3":          change(func(j *Job) { j.Resources = Resources{CPUs: 4, TasksPerNode: 3} }),
		"negative":               change(func(j *Job) { j.Resources.Memory = -1 }),
		"--output":               change(func(j *Job) { j.Log = "relative/log" }),
		"--chdir":                change(func(j *Job) { j.Dir = "." }),
		"where the log is":       change(func(j *Job) { j.Site.Options = []string{"--output=x"} }),
		"environment from what":  change(func(j *Job) { j.Site.Options = []string{"--export=ALL"} }),
		"one job":                change(func(j *Job) { j.Site.Options = []string{"--arr=1-9"} }),
		"is not an option":       change(func(j *Job) { j.Site.Options = []string{"-p gpu"} }),
		"--mail-user":            change(func(j *Job) { j.Site.Options = []string{"--mail-user=a\nb"} }),
		"either a command or":    {Name: "x"},
		"command or a script":    {Name: "x", Command: []string{"x"}, Script: "x"},
		"first word is empty":    {Name: "x", Command: []string{""}},
		"NUL":                    {Name: "x", Command: []string{"x", "\x00"}},
		"a variable's name":      change(func(j *Job) { j.Exports = []Export{{"A B", ""}} }),
		"the value of A":         change(func(j *Job) { j.Exports = []Export{{"A", "\x00"}} }),
		"a module's name":        change(func(j *Job) { j.Modules = []string{"--force purge"} }),
		"environment \"venv\"":   change(func(j *Job) { j.Activate = "venv" }),
		"environment \"conda\"":  change(func(j *Job) { j.Conda = "conda" }),
		"has one environment":    change(func(j *Job) { j.Activate, j.Conda = "/a", "/b" }),
		"\"mpirun\" is not a la": change(func(j *Job) { j.Launcher = "mpirun" }),
	} {
		text, err := job.Render()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not tell %q\n%s", err, want, text)
		}
	}
}

func TestRenderTellsAllFaults(t *testing.T) {
	_, err := Job{Name: "x", Comment: "\n", Log: "log", Launcher: "x"}.Render()
	for _, want := range []string{"--comment", "--output", "command or a script", "launcher"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell of %s", err, want)
		}
	}
}

func TestFormat(t *testing.T) {
	for in, want := range map[time.Duration]string{
		0: "00:00:00", time.Second: "00:00:01", time.Millisecond: "00:00:01", 90 * time.Minute: "01:30:00", 24*time.Hour - 1: "1-00:00:00",
		50*time.Hour + time.Minute: "2-02:01:00", -time.Hour: "00:00:00",
	} {
		if got := FormatTime(in); got != want {
			t.Errorf("FormatTime(%v) = %s, want %s", in, got, want)
		}
	}
	for in, want := range map[int64]string{
		0: "0M", 1: "1M", 1 << 20: "1M", 1<<20 + 1: "2M", 16 << 30: "16G", 16<<30 + 1: "16385M", 1 << 40: "1024G", 1500e6: "1431M", -5: "0M", 1<<63 - 1: "8589934592G",
	} {
		if got := FormatMemory(in); got != want {
			t.Errorf("FormatMemory(%d) = %s, want %s", in, got, want)
		}
	}
}
