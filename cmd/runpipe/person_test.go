package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// person is somebody at a shell: an empty home, a folder with a pipeline, and
// an executor to run it on.
type person struct {
	testing.TB
	dir      string // where they stand
	executor string
	cluster  *slurmtest.Cluster // nil on the local executor
	environ  []string
}

// noRaceSleep keeps a process with the race detector from waiting for a second
// before it ends, as it does unless told otherwise.
const noRaceSleep = "GORACE=atexit_sleep_ms=0"

// result is what a command left on the screen.
type result struct {
	stdout, stderr string
	code           int
}

// onBoth runs the test on the local executor, and on a real Slurm.
func onBoth(t *testing.T, test func(t *testing.T, p *person)) {
	t.Helper()
	t.Run("local", func(t *testing.T) { test(t, newPerson(t, nil)) })
	t.Run("slurm", func(t *testing.T) { test(t, newPerson(t, slurmtest.Shared(t))) })
}

func newPerson(t testing.TB, cluster *slurmtest.Cluster) *person {
	t.Helper()
	root := t.TempDir()
	p := &person{TB: t, dir: filepath.Join(root, "work"), executor: "local", cluster: cluster}
	bin := filepath.Join(root, "bin")
	for _, dir := range []string{p.dir, bin, filepath.Join(root, "home")} {
		p.must(os.MkdirAll(dir, 0o755))
	}
	self, err := os.Executable()
	p.must(err)
	p.must(os.Symlink(self, filepath.Join(bin, "runpipe"))) // TestMain: by this name it is runpipe
	p.environ = []string{
		"HOME=" + filepath.Join(root, "home"), "PATH=" + bin + ":" + os.Getenv("PATH"), "USER=" + os.Getenv("USER"),
		"LC_ALL=C.UTF-8", "TZ=UTC", noRaceSleep,
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.org",
	}
	if cluster != nil {
		p.executor = "slurm"
		p.environ = append(p.environ, cluster.Env()...)
		for _, entry := range cluster.Env() { // its PATH must not hide runpipe
			if path, ok := strings.CutPrefix(entry, "PATH="); ok {
				p.environ = append(p.environ, "PATH="+bin+":"+path)
			}
		}
	}
	p.environ = append(p.environ, "RUNPIPE_EXECUTOR="+p.executor)
	return p
}

func (p *person) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// write writes a file where the person stands; a name may have folders.
func (p *person) write(name, content string) {
	p.Helper()
	path := filepath.Join(p.dir, name)
	p.must(os.MkdirAll(filepath.Dir(path), 0o755))
	p.must(os.WriteFile(path, []byte(content), 0o644))
}

// replace replaces a file at once, as those do who may be read at any time.
func (p *person) replace(name, content string) {
	p.Helper()
	p.write(name+".new", content)
	p.must(os.Rename(filepath.Join(p.dir, name+".new"), filepath.Join(p.dir, name)))
}

// read reads a file; a name that is not absolute is one where the person stands.
func (p *person) read(name string) string {
	p.Helper()
	if !filepath.IsAbs(name) {
		name = filepath.Join(p.dir, name)
	}
	data, err := os.ReadFile(name)
	p.must(err)
	return string(data)
}

func (p *person) command(words ...string) *exec.Cmd {
	cmd := exec.Command(words[0], words[1:]...)
	// Found on the person's PATH, not on this process's.
	for _, entry := range p.environ {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok && !strings.Contains(words[0], "/") {
			for _, dir := range filepath.SplitList(path) {
				if full := filepath.Join(dir, words[0]); isExecutable(full) {
					cmd.Path, cmd.Err = full, nil
					break
				}
			}
		}
	}
	cmd.Dir, cmd.Env = p.dir, p.environ
	return cmd
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// types runs a command and expects nothing.
func (p *person) types(words ...string) result {
	p.Helper()
	cmd := p.command(words...)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	fault := cmd.Run()
	var exit *exec.ExitError
	if fault != nil && !errors.As(fault, &exit) {
		p.Fatalf("%s: %v", strings.Join(words, " "), fault)
	}
	return result{out.String(), err.String(), cmd.ProcessState.ExitCode()}
}

// gets runs a command and expects its exit status.
func (p *person) gets(code int, words ...string) result {
	p.Helper()
	r := p.types(words...)
	if r.code != code {
		p.Fatalf("%s: exit status %d, want %d\n%s%s", strings.Join(words, " "), r.code, code, r.stdout, r.stderr)
	}
	return r
}

// status is `status --json` of a run, by address.
func (p *person) status(id string) (run.Status, map[string]run.StageStatus) {
	p.Helper()
	var st run.Status
	p.must(json.Unmarshal([]byte(p.gets(0, "runpipe", "status", "--json", id).stdout), &st))
	stages := map[string]run.StageStatus{}
	for _, s := range st.Stages {
		stages[s.Address] = s
	}
	return st, stages
}

// git runs git in a folder below where the person stands.
func (p *person) git(dir string, words ...string) string {
	p.Helper()
	r := p.gets(0, append([]string{"git", "-C", filepath.Join(p.dir, dir), "-c", "protocol.file.allow=always"}, words...)...)
	return strings.TrimSpace(r.stdout)
}

// repository makes a repository with the files in one commit on main.
func (p *person) repository(dir string, files map[string]string) (commit string) {
	p.Helper()
	for name, content := range files {
		p.write(filepath.Join(dir, name), content)
	}
	p.gets(0, "git", "init", "--quiet", "--initial-branch=main", filepath.Join(p.dir, dir))
	return p.commit(dir, "Begin")
}

func (p *person) commit(dir, message string) string {
	p.Helper()
	p.git(dir, "add", "--all")
	p.git(dir, "commit", "--quiet", "--message", message)
	return p.git(dir, "rev-parse", "HEAD")
}

// inside is an absolute path as it is called from where the person stands.
func (p *person) inside(path string) string { return strings.TrimPrefix(path, p.dir+"/") }

// has fails unless text holds each of the parts.
func (p *person) has(text string, parts ...string) {
	p.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			p.Errorf("%q is missing from:\n%s", part, text)
		}
	}
}

// nothingQueued fails if a job from the person's workspace stays pending or running
// in Slurm, in which other tests may have theirs. A job whose record is written
// still takes a moment to end.
func (p *person) nothingQueued() {
	p.Helper()
	if p.cluster == nil {
		return
	}
	await(p, "the queue to be empty", func() bool {
		out, err := p.cluster.Run("squeue", "--noheader", "--states=PENDING,RUNNING,SUSPENDED,COMPLETING", "--format=%Z")
		p.must(err)
		return !strings.Contains(out, p.dir+"/")
	})
}

// await waits for something to become true.
func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
