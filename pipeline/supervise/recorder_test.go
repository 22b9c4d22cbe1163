package supervise

import (
	"syscall"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
)

func TestASignalAfterTheEndChangesNothing(t *testing.T) {
	r := recorder{clock: time.Now, folder: t.TempDir()}
	if err := r.conclude(record.Succeeded, "", ""); err != nil {
		t.Fatal(err)
	}
	r.interrupt(syscall.SIGTERM)
	if got, err := record.Read(r.folder); err != nil || got.State != record.Succeeded {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnInterruptedStepStaysNamed(t *testing.T) {
	r := recorder{clock: time.Now, folder: t.TempDir()}
	r.step("command")
	r.interrupt(syscall.SIGTERM)
	r.step("outputs")
	if got, err := record.Read(r.folder); err != nil || got.State != record.Interrupted || got.Step != "command" || got.Signal != "SIGTERM" {
		t.Errorf("%+v, %v", got, err)
	}
}
