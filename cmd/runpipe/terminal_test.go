package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a real pseudo-terminal with a program on it.
type terminal struct {
	t      *testing.T
	master *os.File
	cmd    *exec.Cmd
	output bytes.Buffer
	chunks chan []byte // closed at the end of the output
}

// onTerminal starts runpipe in dir, on a terminal of 80 by 24.
func onTerminal(t *testing.T, dir string, args ...string) *terminal {
	t.Helper()
	master, slave := openTerminal(t)
	defer slave.Close()
	cmd := exec.Command("runpipe", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8", "RUNPIPE_EXECUTOR=local", "NO_COLOR=")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v := &terminal{t: t, master: master, cmd: cmd, chunks: make(chan []byte, 1000)}
	go func() {
		defer close(v.chunks)
		for {
			chunk := make([]byte, 4096)
			n, err := master.Read(chunk)
			if n > 0 {
				v.chunks <- chunk[:n]
			}
			if err != nil { // EIO once nobody has the other side open
				return
			}
		}
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = master.Close() })
	return v
}

// openTerminal opens both sides, as pts(4) says.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// until reads until the output holds text.
func (v *terminal) until(text string) {
	v.t.Helper()
	late := time.After(time.Minute)
	for !strings.Contains(v.output.String(), text) {
		select {
		case chunk, open := <-v.chunks:
			if !open {
				v.t.Fatalf("ended before it showed %q:\n%q", text, v.output.String())
			}
			v.output.Write(chunk)
		case <-late:
			v.t.Fatalf("did not show %q:\n%q", text, v.output.String())
		}
	}
}

func (v *terminal) press(keys string) {
	v.t.Helper()
	if _, err := io.WriteString(v.master, keys); err != nil {
		v.t.Fatal(err)
	}
}

// end waits for the program's end, and returns its exit status and its output.
func (v *terminal) end() (int, string) {
	for chunk := range v.chunks {
		v.output.Write(chunk)
	}
	_ = v.cmd.Wait() // its status is looked at
	return v.cmd.ProcessState.ExitCode(), v.output.String()
}

func writePipeline(t *testing.T, text string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "demo.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func cursorIsShown(output string) bool {
	return strings.LastIndex(output, "\x1b[?25h") > strings.LastIndex(output, "\x1b[?25l")
}

func TestApplyOnTerminal(t *testing.T) {
	dir := writePipeline(t, `
stage "first" {
  script = "printf ' 1/2\\r 2/2 steps'; sleep 1; echo; echo '{\"accuracy\": 0.5}' > m.json"
  metrics = "m.json"
}
`)
	v := onTerminal(t, dir, "apply", "demo.hcl")
	v.until("│  2/2 steps")
	v.until("stages   0%")
	code, output := v.end()
	if code != 0 {
		t.Errorf("exit status %d", code)
	}
	if !cursorIsShown(output) {
		t.Errorf("the cursor is hidden at the end: %q", output)
	}
	if !strings.Contains(output, "\x1b[32msucceeded\x1b[0m in ") || !strings.Contains(output, "accuracy") {
		t.Errorf("no summary: %q", output)
	}
}

// Ctrl-C ends a local run, waits for it, and says how it ended.
func TestInterruptLocal(t *testing.T) {
	dir := writePipeline(t, `stage "long" { script = "echo started; sleep 600" }`)
	v := onTerminal(t, dir, "apply", "demo.hcl")
	v.until("started")
	v.press("\x03")
	code, output := v.end()
	if code != 130 {
		t.Errorf("exit status %d", code)
	}
	if !cursorIsShown(output) || !strings.Contains(output, "Cancelling run") || !strings.Contains(output, "cancelled\x1b[0m after ") {
		t.Errorf("said %q", output)
	}
	if status := stateOf(t, dir); status != "cancelled" {
		t.Errorf("the run is %s", status)
	}
}

// A second Ctrl-C leaves while a process takes its time to end.
func TestInterruptTwice(t *testing.T) {
	release := filepath.Join(t.TempDir(), "release")
	dir := writePipeline(t, `stage "stubborn" { script = "trap '' TERM; echo started; until [ -e `+release+` ]; do sleep 0.1; done" }`)
	v := onTerminal(t, dir, "apply", "demo.hcl")
	v.until("started")
	v.press("\x03")
	v.until("once more leaves at once")
	v.press("\x03")
	code, output := v.end()
	if code != 130 || !cursorIsShown(output) || !strings.Contains(output, "To see what is left of it") {
		t.Errorf("exit status %d, said %q", code, output)
	}
	if state := stateOf(t, dir); state != "running" {
		t.Errorf("the run is %s while its process lives", state)
	}
	if err := os.WriteFile(release, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _ := onTerminal(t, dir, "watch").end(); code != 3 {
		t.Errorf("watching the cancelled run: exit status %d", code)
	}
}

// Ctrl-C in watch leaves the run alone.
func TestInterruptWatch(t *testing.T) {
	dir := writePipeline(t, `stage "long" { script = "echo started; sleep 600" }`)
	apply := exec.Command("runpipe", "apply", "--executor", "local", "--detach", "demo.hcl")
	apply.Dir = dir
	if out, err := apply.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	v := onTerminal(t, dir, "watch")
	v.until("started")
	v.press("\x03")
	code, output := v.end()
	if code != 130 || !cursorIsShown(output) || !strings.Contains(output, "goes on") {
		t.Errorf("exit status %d, said %q", code, output)
	}
	if state := stateOf(t, dir); state != "running" {
		t.Errorf("the run is %s", state)
	}
	cancel := exec.Command("runpipe", "cancel")
	cancel.Dir = dir
	if out, err := cancel.CombinedOutput(); err != nil || !strings.Contains(string(out), "Cancelled in run") {
		t.Fatalf("%v: %s", err, out)
	}
	if code, _ := onTerminal(t, dir, "watch").end(); code != 3 {
		t.Errorf("watching a cancelled run: exit status %d", code)
	}
}

func stateOf(t *testing.T, dir string) string {
	t.Helper()
	cmd := exec.Command("runpipe", "status", "--json")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(out), `"state": "`)
	state, _, _ := strings.Cut(rest, `"`)
	return state
}
