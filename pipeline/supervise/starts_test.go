package supervise

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

// restarted is the same job, requeued: it is under the same id on another node.
func (s *stageUnderTest) restarted(restarts int) *stageUnderTest {
	next := *s
	next.environ = nil
	next.onSlurm("12", restarts)
	return &next
}

// A node that was given up may still be running the job's first start when the
// second runs: it must neither publish what the second has half written, nor take
// its working copy away, nor its own result for the job's.
func TestALostNodesSupervisorLeavesItsSuccessorAlone(t *testing.T) {
	marks := t.TempDir()
	s := newStage(t, `echo "by start $SLURM_RESTART_COUNT" > model; touch `+marks+`/up-$SLURM_RESTART_COUNT
while [ ! -e `+marks+`/go-$SLURM_RESTART_COUNT ]; do sleep 0.02; done; echo end >> model`)
	s.manifest.Outputs = map[string]string{"model": "model"}
	goOn := func(start string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(marks, "go-"+start), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	orphan := s.restarted(0).start()
	orphan.await(filepath.Join(marks, "up-0"))
	next := s.restarted(1)
	successor := next.start()
	successor.await(filepath.Join(marks, "up-1"))

	goOn("0")
	if err := orphan.cmd.Wait(); err == nil {
		t.Error("the orphan's exit code is 0")
	}
	var own record.Record
	err := workspace.ReadJSON(filepath.Join(s.attempt(), "record-0.json"), &own, record.Version)
	if err != nil || own.State != record.Interrupted || !strings.Contains(own.Reason, "start 2 has taken its place") {
		t.Errorf("the orphan's record: %+v, %v", own, err)
	}
	if _, err := os.Stat(s.workspace.Finished(s.manifest.Key)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the orphan has published")
	}

	goOn("1")
	successor.wait().want(t, 0, record.Succeeded)
	if got := readFile(t, s.workspace.Output(s.manifest.Key, "model")); got != "by start 1\nend\n" {
		t.Errorf("the store holds %q", got)
	}
	for _, start := range []string{s.attempt(), filepath.Join(s.attempt(), "start-2")} {
		if _, err := os.Stat(filepath.Join(start, "work")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a working copy is still in %s", start)
		}
	}
	s.wantTidyStore()
}

// While the start whose command ended may still be collecting, its outputs are
// in its hands.
func TestOutputsThatAreBeingCollectedAreLeftAlone(t *testing.T) {
	s := newStage(t, `mkdir out; truncate -s ${SIZE} out/model; echo trained`)
	s.manifest.Env = map[string]string{"SIZE": "256G"} // its digest takes minutes
	s.manifest.Outputs = map[string]string{"model": "out"}
	s.onSlurm("12", 0)
	orphan := s.start()
	orphan.await(filepath.Join(s.attempt(), "ended.json"))

	next := s.restarted(1)
	next.manifest.Env = map[string]string{"SIZE": "4"}
	o := next.run()
	o.want(t, 0, record.Succeeded)
	if strings.Count(o.log, "trained") != 2 {
		t.Errorf("the command of the second start did not run:\n%s", o.log)
	}
	if got := readFile(t, s.workspace.Output(s.manifest.Key, "out/model")); len(got) != 4 {
		t.Errorf("the store holds %d bytes", len(got))
	}
	orphan.signal(syscall.SIGTERM)
	orphan.cmd.Wait()
}

func TestAFailedStartKeepsItsWorkingCopyAlone(t *testing.T) {
	s := newStage(t, `touch start-$SLURM_RESTART_COUNT up; while [ $SLURM_RESTART_COUNT = 0 ]; do sleep 0.02; done; exit 3`)
	first := s.restarted(0).start()
	first.await(filepath.Join(s.work(), "up"))
	first.signal(syscall.SIGTERM)
	first.wait().want(t, 143, record.Interrupted)
	o := s.restarted(1).run()
	o.want(t, 3, record.Failed)
	if o.Work != filepath.Join(s.attempt(), "start-2", "work") {
		t.Errorf("the record names %s", o.Work)
	}
	if _, err := os.Stat(filepath.Join(o.Work, "start-1")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.work()); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the working copy of the interrupted start is still there")
	}
}
