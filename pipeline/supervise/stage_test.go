package supervise

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// stageUnderTest is a job under test: a real job.sh and job.json in a real workspace,
// started as the local executor starts them.
type stageUnderTest struct {
	t         *testing.T
	workspace *workspace.Workspace
	manifest  stages.Manifest
	script    string
	environ   []string // added to the batch process's
	options   shortened
	tamper    func(manifest string) // called when everything is written
}

func newStage(t *testing.T, script string) *stageUnderTest {
	t.Helper()
	w, err := workspace.Create(filepath.Join(t.TempDir(), ".runpipe"))
	if err != nil {
		t.Fatal(err)
	}
	return newStageIn(t, w, "train.cnn", script)
}

func newStageIn(t *testing.T, w *workspace.Workspace, address, script string) *stageUnderTest {
	t.Helper()
	a, err := stages.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	s := &stageUnderTest{t: t, workspace: w, script: script}
	s.manifest = stages.Manifest{
		Version: stages.ManifestVersion, Run: "20260101-120000-test", Pipeline: "mnist", Address: address, Kind: a.Kind,
		Key: keyOf(address), Executor: "local", Workspace: w.Root, Attempt: 1, Launcher: "none", Tasks: 1,
	}
	s.manifest.StageDir = w.Stage(s.manifest.Run, a)
	s.options.Timing = Timing{
		Upstream: 300 * time.Millisecond, Claim: 600 * time.Millisecond, Leftover: 300 * time.Millisecond,
		Profile: 20 * time.Second, Sample: 100 * time.Millisecond,
	}
	return s
}

func keyOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// onSlurm makes it a job of Slurm's, as far as its environment tells.
func (s *stageUnderTest) onSlurm(job string, restarts int) {
	s.manifest.Executor = "slurm"
	s.environ = append(s.environ, "SLURM_JOB_ID="+job, fmt.Sprintf("SLURM_RESTART_COUNT=%d", restarts))
}

func (s *stageUnderTest) attempt() string {
	return workspace.Attempt(s.manifest.StageDir, s.manifest.Attempt)
}

func (s *stageUnderTest) work() string { return filepath.Join(s.attempt(), "work") }

// write puts a file into the workspace's neighbourhood and returns its path.
func (s *stageUnderTest) write(name, content string) string {
	s.t.Helper()
	path := filepath.Join(filepath.Dir(s.workspace.Root), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// finish puts a finished stage into the store.
func (s *stageUnderTest) finish(address string, metrics map[string]float64) stages.Upstream {
	s.t.Helper()
	r := record.Record{Run: "earlier", Address: address, Key: keyOf(address), State: record.Succeeded, Metrics: metrics}
	if err := record.Write(s.workspace.Finished(r.Key), &r); err != nil {
		s.t.Fatal(err)
	}
	return stages.Upstream{Address: address, Key: r.Key}
}

// noSleep has programs built with the race detector end without sleeping a second.
const noSleep = "GORACE=atexit_sleep_ms=0"

// compile writes job.json and job.sh, and returns the latter's path.
func (s *stageUnderTest) compile() string {
	s.t.Helper()
	data, err := json.MarshalIndent(s.manifest, "", "  ")
	if err != nil {
		s.t.Fatal(err)
	}
	manifest, script := filepath.Join(s.manifest.StageDir, "job.json"), filepath.Join(s.manifest.StageDir, "job.sh")
	if err := workspace.WriteFile(manifest, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	binary, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	text := fmt.Sprintf("#!/bin/bash\nexport "+noSleep+"\nrunpipe=%q\n[ \"${RUNPIPE_STAGE:-}\" ] || exec \"$runpipe\" exec --sha256 %x %q \"$0\"\n%s\n", binary, sum, manifest, s.script)
	if err := workspace.WriteFile(script, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if s.tamper != nil {
		s.tamper(manifest)
	}
	return script
}

// running is a started job.
type running struct {
	stage *stageUnderTest
	cmd   *exec.Cmd
}

// start starts the job as a batch process with its log, in a group of its own.
func (s *stageUnderTest) start() *running {
	s.t.Helper()
	cmd := exec.Command("/bin/bash", s.compile())
	if err := os.MkdirAll(s.attempt(), 0o700); err != nil {
		s.t.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(s.attempt(), "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = s.t.TempDir()
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.t.TempDir(), "USER=me", "RUNPIPE_LOCAL_JOB=7",
		"CANARY=sings", "LD_LIBRARY_PATH=/nonexistent", optionsFileVariable + "=" + s.optionsFile(),
	}, s.environ...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	r := &running{stage: s, cmd: cmd}
	s.t.Cleanup(func() { cmd.Process.Kill() })
	return r
}

// await waits until a file of the given name is in the folder that the test
// and its job share.
func (r *running) await(path string) {
	r.stage.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		if time.Now().After(deadline) {
			r.stage.t.Fatalf("%s did not appear; the log:\n%s", path, r.stage.log())
		}
	}
}

func (r *running) signal(s syscall.Signal) {
	r.stage.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.stage.t.Fatal(err)
	}
}

// outcome is how a job ended.
type outcome struct {
	*record.Record
	code int
	log  string
}

func (r *running) wait() outcome {
	t := r.stage.t
	t.Helper()
	err := r.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := outcome{code: r.cmd.ProcessState.ExitCode(), log: r.stage.log()}
	if o.Record, err = record.Read(r.stage.attempt()); err != nil {
		t.Fatalf("no record: %v; the log:\n%s", err, o.log)
	}
	if (o.code == 0) != (o.State == record.Succeeded) {
		t.Errorf("exit code %d, and the record says %s", o.code, o.State)
	}
	return o
}

// optionsFile writes the options for one start, where no other start reads them.
func (s *stageUnderTest) optionsFile() string {
	s.t.Helper()
	data, err := json.Marshal(s.options)
	if err != nil {
		s.t.Fatal(err)
	}
	path := filepath.Join(s.t.TempDir(), "options.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s *stageUnderTest) run() outcome {
	s.t.Helper()
	return s.start().wait()
}

func (s *stageUnderTest) log() string {
	data, _ := os.ReadFile(filepath.Join(s.attempt(), "log"))
	return string(data)
}

// want fails the test unless the job ended so, with these words in its reason.
func (o outcome) want(t *testing.T, code int, state record.State, words ...string) {
	t.Helper()
	if o.code != code || o.State != state {
		t.Errorf("ended with %d, %s (%s); want %d, %s\nlog:\n%s", o.code, o.State, o.Reason, code, state, o.log)
	}
	for _, w := range words {
		if !strings.Contains(o.Reason, w) {
			t.Errorf("the reason lacks %q: %s", w, o.Reason)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
