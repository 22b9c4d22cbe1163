package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
)

// The local executor counts the jobs of each run from 1, so that two runs that
// make the same stage have the same job id.
func TestTwoRunsPublishTheSameStageAtTheSameTime(t *testing.T) {
	s := newStage(t, `for i in {1..300}; do echo $i > o$i; done`)
	s.manifest.Outputs = map[string]string{}
	for i := 1; i <= 300; i++ {
		name := fmt.Sprintf("o%d", i)
		s.manifest.Outputs[name] = name
	}
	first, second := *s, *s
	second.manifest.Run = "20260101-120000-next"
	second.manifest.StageDir = filepath.Join(s.workspace.Run(second.manifest.Run), "stages", "train", "cnn")
	for try := range 10 { // until the first is stopped half-way
		first.manifest.Key = keyOf(fmt.Sprint(try))
		second.manifest.Key = first.manifest.Key
		job := first.start()
		if !job.stopWhilePublishing() {
			job.wait().want(t, 0, record.Succeeded)
			continue
		}
		second.run().want(t, 0, record.Succeeded)
		job.signal(syscall.SIGCONT)
		job.wait().want(t, 0, record.Succeeded, "already made by run 20260101-120000-next")
		s.wantTidyStore()
		return
	}
	t.Fatal("the first job could not be stopped while it published")
}

// stopWhilePublishing stops the job once it has something in the store's
// neighbourhood, and reports whether it was in time.
func (r *running) stopWhilePublishing() bool {
	r.stage.t.Helper()
	store, key := r.stage.workspace.Store(), r.stage.manifest.Key
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Microsecond) {
		if private, _ := filepath.Glob(filepath.Join(store, "."+key+"*")); len(private) > 0 {
			break
		}
		if _, err := os.Stat(filepath.Join(store, key)); err == nil {
			return false
		}
	}
	r.signal(syscall.SIGSTOP)
	_, err := os.Stat(filepath.Join(store, key))
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	r.signal(syscall.SIGCONT)
	return false
}
