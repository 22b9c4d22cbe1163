package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// mounted has a file system of its own where the person's workspace is, of so
// many MiB. Without the right to mount one the test is skipped.
func (p *person) mounted(size int) string {
	p.Helper()
	at := filepath.Join(p.dir, ".runpipe")
	p.must(os.MkdirAll(at, 0o700))
	if err := unix.Mount("tmpfs", at, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=700", size)); err != nil {
		if os.Getenv(slurmtest.Required) == "required" {
			p.Fatalf("mounting a file system: %v", err)
		}
		p.Skipf("no file system can be mounted here: %v", err)
	}
	p.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) }) // the test may have unmounted it
	return at
}

// fill leaves no room in the file system that path is in, but for so many bytes.
func fill(path string, but int) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	var room unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &room); err != nil {
		return err
	}
	if size := int64(room.Bavail)*room.Bsize - int64(but); size > 0 {
		err = unix.Fallocate(int(f.Fd()), 0, 0, size)
	}
	if errors.Is(err, unix.ENOSPC) { // somebody was quicker
		return nil
	}
	return err
}

// tellsOfTheFullDisk fails unless a message names the disk that is full.
func (p *person) tellsOfTheFullDisk(said string) {
	p.Helper()
	p.has(said, "no space left on device", filepath.Join(p.dir, ".runpipe"))
}

// The disk becomes full at each step of a submission, or nearly so.
func TestFullDiskAtSubmission(t *testing.T) {
	t.Parallel() // it waits most of the time
	onBoth(t, func(t *testing.T, p *person) {
		at := p.mounted(200)
		full := filepath.Join(at, "full")
		type place struct{ step, kib int }
		var places []place
		steps := p.steps()
		for i := range steps {
			places = append(places, place{i, 0})
		}
		for kib := 4; kib <= 40; kib += 12 { // so that another file is the first that cannot be written whole
			places = append(places, place{0, kib})
		}
		var count tally
		var trials []*trial
		for i, at := range places {
			tr := p.trial(i+1, fmt.Sprintf("%s, %d KiB", steps[at.step], at.kib))
			tr.start(fmt.Sprintf("fill %d %s %d", at.step+1, full, at.kib), "apply", tr.file)
			code := tr.wait()
			p.must(os.Remove(full))
			switch code {
			case 0: // all was handed over by then
			case 1:
				p.tellsOfTheFullDisk(tr.out.String())
				if strings.Contains(tr.out.String(), "is still in the queue") {
					count.wrong++
					t.Errorf("%s: what was taken back is said to be left:\n%s", tr.step, tr.out)
				}
			case 3: // jobs that were handed over could not be run, or not write down what they made
				_, stages := p.status(tr.run())
				tr.failed = map[string]bool{}
				for address, s := range stages {
					tr.failed[address] = s.State == run.Failed
				}
			default:
				t.Errorf("%s: exit status %d:\n%s", tr.step, code, tr.out)
			}
			t.Logf("%s: exit status %d: %s", tr.step, code, strings.TrimSpace(tr.out.String()[strings.Index(tr.out.String(), "reused."):]))
			trials = append(trials, tr)
		}
		for _, tr := range trials {
			tr.start("", "apply", tr.file)
		}
		for _, tr := range trials {
			tr.judge(&count, tr.wait())
		}
		p.whole()
		count.log(t, "full disk at a step of the submission, "+p.executor)
	})
}

// twoThatPass is a pipeline in which one stage hands a file to another.
func twoThatPass(marks string) string {
	return `
stage "a" {
  script  = "echo ran >> ` + marks + `-a; seq 1000 > numbers"
  outputs = { numbers = "numbers" }
  resources { time = "5m" }
}
stage "b" {
  command = ["sh", "-c", "echo ran >> ` + marks + `-b; wc -l < $0 > count", stage.a.outputs.numbers]
  outputs = { count = "count" }
  resources { time = "5m" }
}
`
}

// The disk becomes full at each step of a job.
func TestFullDiskInTheJob(t *testing.T) {
	t.Parallel() // it waits most of the time
	onBoth(t, func(t *testing.T, p *person) {
		at := p.mounted(200)
		full, fault := filepath.Join(at, "full"), filepath.Join(p.dir, "fault")
		trial := func(name string) *trial {
			tr := p.trial(0, name)
			tr.file, tr.marks = strings.ReplaceAll(name, " ", "-")+".hcl", filepath.Join(p.dir, "marks-"+strings.ReplaceAll(name, " ", "-"))
			p.write(tr.file, twoThatPass(tr.marks))
			return tr
		}
		list := filepath.Join(p.dir, "steps")
		p.must(os.WriteFile(fault, []byte("stage.a list "+list), 0o600))
		first := trial("undisturbed")
		first.start("", "apply", first.file)
		if code := first.wait(); code != 0 {
			t.Fatalf("exit status %d:\n%s", code, first.out)
		}
		steps := strings.Fields(p.read(list))
		var count tally
		for i, step := range steps {
			tr := trial(fmt.Sprintf("%02d-%s", i+1, step))
			p.must(os.WriteFile(fault, fmt.Appendf(nil, "stage.a fill %d %s 0", i+1, full), 0o600))
			tr.start("", "apply", tr.file)
			code := tr.wait()
			st, stages := p.status(tr.run())
			said := tr.out.String()
			p.must(errors.Join(os.Remove(full), os.Remove(fault)))
			ran, _ := os.ReadFile(tr.marks + "-a")
			t.Logf("%s: exit status %d, ran %d times: %s", tr.step, code, strings.Count(string(ran), "ran"), strings.TrimSpace(said[strings.Index(said, "reused."):]))
			count.injected++
			if code != 0 { // in the reason, or where there is no room for one, beside it
				p.has(strings.ReplaceAll(said, "\n", " "), "no space left")
			}
			if code == 0 != (st.State == run.Succeeded) || code != 0 && code != 3 {
				count.wrong++
				t.Errorf("%s: exit status %d, and the run is %s", tr.step, code, st.State)
			}
			want := run.Skipped
			if stages["stage.a"].State == run.Succeeded { // what came before the end of it had its room
				want = run.Failed
			}
			if code != 0 && stages["stage.b"].State != want {
				count.wrong++
				t.Errorf("%s: stage.b is %s %s", tr.step, stages["stage.b"].State, stages["stage.b"].Reason)
			}
			before := strings.Count(string(ran), "ran")
			tr.start("", "apply", tr.file)
			if code := tr.wait(); code != 0 {
				count.lost++
				t.Errorf("%s: apply again: exit status %d:\n%s", tr.step, code, tr.out)
			}
			again, _ := os.ReadFile(tr.marks + "-a")
			if runs := strings.Count(string(again), "ran"); runs > before+1 || before > 1 {
				count.doubled++
				t.Errorf("%s: stage.a ran %d times, and %d in all", tr.step, before, runs)
			}
			if b := p.read(tr.marks + "-b"); b != "ran\n" {
				count.doubled++
				t.Errorf("%s: stage.b left %q", tr.step, b)
			}
		}
		p.whole()
		count.log(t, "full disk at a step of a job, "+p.executor)
	})
}
