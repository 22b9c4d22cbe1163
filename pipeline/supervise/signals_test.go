package supervise

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"golang.org/x/sys/unix"
)

func TestTERMReachesTheTrainerAndIsWaitedFor(t *testing.T) {
	// bash, without a trap, dies at once of the signal; its child saves first.
	s := newStage(t, `
bash -c 'trap "sleep 0.3; echo saved > checkpoint; exit 0" TERM; touch up; while :; do sleep 0.02; done'
echo "the shell went on" > wrong
`)
	job := s.start()
	job.await(filepath.Join(s.work(), "up"))
	job.signal(syscall.SIGTERM)
	job.signal(syscall.SIGTERM) // a second one, as of an impatient scancel, kills nobody
	o := job.wait()
	o.want(t, 143, record.Interrupted, "SIGTERM")
	if o.Signal != "SIGTERM" || o.Step != "command" || o.Ended == nil {
		t.Errorf("record: %+v", o.Record)
	}
	if got := readFile(t, filepath.Join(s.work(), "checkpoint")); got != "saved\n" {
		t.Errorf("the checkpoint holds %q", got)
	}
}

func TestInterruptedIsWrittenBeforeTheCommandEnds(t *testing.T) {
	goOn := filepath.Join(t.TempDir(), "go-on")
	s := newStage(t, `trap 'touch told; while [ ! -e `+goOn+` ]; do sleep 0.02; done; exit 0' TERM; touch up; while :; do sleep 0.02; done`)
	job := s.start()
	job.await(filepath.Join(s.work(), "up"))
	job.signal(syscall.SIGTERM)
	job.await(filepath.Join(s.work(), "told"))
	r, err := record.Read(s.attempt())
	if err != nil || r.State != record.Interrupted || r.Signal != "SIGTERM" || r.Ended != nil {
		t.Errorf("while the command saves, the record says %+v, %v", r, err)
	}
	if err := os.WriteFile(goOn, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// The command exits 0, and was cancelled all the same.
	job.wait().want(t, 143, record.Interrupted)
	if _, err := os.Stat(s.workspace.Finished(s.manifest.Key)); err == nil {
		t.Error("a cancelled stage is in the store")
	}
}

func TestACommandThatIgnoresTERMIsNoSuccess(t *testing.T) {
	s := newStage(t, `trap '' TERM; touch up; while [ ! -e ../record.json ] || ! grep -q interrupted ../record.json; do sleep 0.02; done; echo model > model`)
	s.manifest.Outputs = map[string]string{"model": "model"}
	job := s.start()
	job.await(filepath.Join(s.work(), "up"))
	job.signal(syscall.SIGTERM)
	job.wait().want(t, 143, record.Interrupted)
	if _, err := os.Stat(filepath.Join(s.attempt(), "ended.json")); err == nil {
		t.Error("a requeue would publish what a cancelled command left")
	}
}

func TestUSR1KillsNobody(t *testing.T) {
	s := newStage(t, `touch up; while [ ! -e go-on ]; do sleep 0.02; done`)
	job := s.start()
	job.await(filepath.Join(s.work(), "up"))
	job.signal(syscall.SIGUSR1)
	job.signal(syscall.SIGUSR2)
	job.signal(syscall.SIGCONT)
	if err := os.WriteFile(filepath.Join(s.work(), "go-on"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	job.wait().want(t, 0, record.Succeeded)
}

func TestATERMWhilePreparing(t *testing.T) {
	s := newStage(t, "touch ran")
	s.onSlurm("12", 0)
	s.options.Timing.Upstream = time.Hour
	s.manifest.Upstreams = append(s.manifest.Upstreams, s.finish("clone.code", nil))
	s.manifest.Upstreams[0].Key = keyOf("another") // waited for
	job := s.start()
	job.await(filepath.Join(s.attempt(), record.File))
	job.signal(syscall.SIGTERM)
	job.wait().want(t, 143, record.Interrupted)
}

// alive reports whether the process whose id is in a file lives.
func alive(t *testing.T, file string) bool {
	t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(readFile(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	p, ok := readProcess(pid)
	return ok && !p.zombie && unix.Kill(pid, 0) == nil
}

func TestWhatTheCommandLeavesBehindIsEnded(t *testing.T) {
	pids := t.TempDir()
	s := newStage(t, `
sleep 1000 & echo $! > `+pids+`/child
setsid bash -c 'trap "" TERM; echo $$ > `+pids+`/daemon.tmp; mv `+pids+`/daemon.tmp `+pids+`/daemon; while :; do sleep 1; done' &
while [ ! -e `+pids+`/daemon ]; do sleep 0.01; done
`)
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if !strings.Contains(o.log, "ending what the command left behind: ") || !strings.Contains(o.log, "sleep (process ") {
		t.Errorf("the log does not say so:\n%s", o.log)
	}
	for _, name := range []string{"child", "daemon"} {
		if alive(t, filepath.Join(pids, name)) {
			t.Errorf("the %s lives on", name)
		}
	}
}

func TestAShortDaemonIsNoNews(t *testing.T) {
	s := newStage(t, `(sleep 0.1; touch late) &`)
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if strings.Contains(o.log, "left behind") {
		t.Errorf("the log complains:\n%s", o.log)
	}
}
