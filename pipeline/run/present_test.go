package run

import (
	"os"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages/download"
)

// The first of several downloads may have waited for the others so long that a gc took
// it for abandoned: no job is submitted that would not find it.
func TestADownloadThatWasFreedIsNoticed(t *testing.T) {
	w, err := workspace.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sum := strings.Repeat("a", 64)
	made := &plan.Submitted{Stages: []plan.SubmittedStage{{Address: "data.set", Action: plan.Run, Downloads: []string{sum}}}}
	if err := present(w, made, nil); err == nil || !strings.Contains(err.Error(), "what was fetched for data.set: it was freed") {
		t.Errorf("got %v", err)
	}
	if err := os.MkdirAll(w.Data(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(download.Path(w.Data(), sum), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := present(w, made, nil); err != nil {
		t.Error(err)
	}
}
