package supervise

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/slurm/slurmtest"
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

// On a full disk the last record takes the room that was kept for it.
func TestTheLastRecordOnAFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=1m,mode=700"); err != nil {
		if os.Getenv(slurmtest.Required) == "required" {
			t.Fatalf("mounting a file system: %v", err)
		}
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(disk, unix.MNT_DETACH) })
	fill := func() {
		t.Helper()
		f, err := os.OpenFile(filepath.Join(disk, "full"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = f.Write(make([]byte, 4096))
		}
		if f.Close(); !isFull(err) {
			t.Fatal(err)
		}
	}
	r := recorder{clock: time.Now, folder: disk}
	if err := r.save(); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.reserve, err = newReserve(filepath.Join(disk, "reserve")); err != nil {
		t.Fatal(err)
	}
	fill()
	if err := r.save(); !isFull(err) {
		t.Errorf("a record that is not the last: %v, want none written", err)
	}
	r.interrupt(syscall.SIGTERM)
	if got, err := record.Read(disk); err != nil || got.State != record.Interrupted {
		t.Errorf("%+v, %v", got, err)
	}
	if err := r.conclude(record.Interrupted, "", "no room"); err != nil {
		t.Errorf("what the first needed less was not given back: %v", err)
	}
	if got, err := record.Read(disk); err != nil || got.Reason != "no room" {
		t.Errorf("%+v, %v", got, err)
	}
	fill()
	if _, err := newReserve(filepath.Join(disk, "other")); !isFull(err) {
		t.Errorf("a reserve where there is no room: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(disk, "*")); len(left) != 2 { // record.json and what fills the disk
		t.Errorf("left: %v", left)
	}
}
