package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/runpipe/runpipe/pipeline/run"
)

// sealed makes what is at a path read-only for who looks it up from now on, until
// the returned function is called.
func (p *person) sealed(at string) (unseal func()) {
	p.Helper()
	p.must(unix.Mount(at, at, "", unix.MS_BIND, ""))
	p.must(unix.Mount("", at, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""))
	return func() { p.must(unix.Unmount(at, unix.MNT_DETACH)) }
}

// watched follows the run in another process.
func (b *bad) watched() (wait func() (code int, said string)) {
	b.Helper()
	screen, err := os.Create(filepath.Join(b.TempDir(), "screen"))
	b.must(err)
	cmd := b.command("runpipe", "watch", b.id)
	cmd.Stdout, cmd.Stderr = screen, screen
	b.must(cmd.Start())
	await(b, "the watcher", func() bool { return strings.Contains(b.read(screen.Name()), "stage.head") })
	return func() (int, string) {
		_ = cmd.Wait() // its exit status is looked at
		screen.Close()
		return cmd.ProcessState.ExitCode(), b.read(screen.Name())
	}
}

// again applies the chain anew, and expects it to end well.
func (b *bad) again() {
	b.Helper()
	b.gets(0, "runpipe", "apply", "chain.hcl")
	st, _ := b.status("")
	b.id = st.Run
}

// The workspace becomes read-only before a run, and under one.
func TestReadOnlyWorkspace(t *testing.T) {
	t.Parallel() // it waits most of the time
	onBoth(t, func(t *testing.T, p *person) {
		at := p.mounted(200)
		const says = "read-only file system"
		unseal := p.sealed(at)
		p.write("chain.hcl", gatedChain(filepath.Join(p.dir, "marks"), "middle", "nice = 0"))
		p.has(p.gets(1, "runpipe", "apply", "chain.hcl").stderr, says, "--workspace DIR")
		unseal()

		b := p.begin("middle", "nice = 0")
		wait := b.watched()
		unseal = p.sealed(at)
		b.is("head", run.Succeeded, 1)
		b.is("middle", run.Running, 1)
		b.open()
		code, said := wait()
		t.Logf("the watcher: exit status %d\n%s", code, said)
		if code != 3 {
			t.Errorf("the watcher's exit status is %d", code)
		}
		b.is("middle", run.Failed, 1)
		b.is("tail", run.Skipped, 0, "because stage.middle failed")
		unseal()
		b.again()
		b.is("middle", run.Succeeded, 2)
		b.is("tail", run.Succeeded, 1)

		p.must(os.Remove(b.marks + "-gate"))
		b.gets(0, "runpipe", "apply", "--detach", "--rerun", "stage.middle", "chain.hcl")
		b.awaitStarts("middle", 3)
		st, _ := b.status("")
		b.id = st.Run
		unseal = p.sealed(at)
		r := b.types("runpipe", "cancel", b.id)
		t.Logf("cancel: exit status %d\n%s", r.code, r.stderr)
		unseal()
		if p.cluster != nil { // the local scheduler is told by a file
			p.has(r.stderr, "cancelled, which could not be noted", says)
			b.nothingQueued()
		}
		b.gets(0, "runpipe", "cancel", b.id)
		b.awaitState("middle", run.Cancelled)
		b.whole()
	})
}

// The workspace vanishes under a run: its file system is unmounted, or it is
// removed. Nothing is written where it was.
func TestVanishedWorkspace(t *testing.T) {
	t.Parallel() // it waits most of the time
	for _, how := range []string{"unmounted", "removed"} {
		t.Run(how, func(t *testing.T) {
			onBoth(t, func(t *testing.T, p *person) {
				at := filepath.Join(p.dir, ".runpipe")
				var keep string
				if how == "unmounted" {
					p.mounted(200)
					keep = filepath.Join(p.TempDir(), "elsewhere")
					p.must(os.Mkdir(keep, 0o700))
					p.must(unix.Mount(at, keep, "", unix.MS_BIND, ""))
					p.Cleanup(func() { _ = unix.Unmount(keep, unix.MNT_DETACH) })
				}
				b := p.begin("middle", "nice = 0")
				wait := b.watched()
				if how == "unmounted" {
					p.must(unix.Unmount(at, unix.MNT_DETACH))
				} else {
					p.must(os.Rename(at, at+"-removed"))
				}
				code, said := wait()
				t.Logf("the watcher: exit status %d\n%s", code, said)
				p.has(said, "is gone, and with it what was known of the run: was the workspace removed, or its file system unmounted?")
				if code != 1 {
					t.Errorf("the watcher's exit status is %d", code)
				}
				r := p.gets(1, "runpipe", "status", b.id)
				t.Logf("status: %s", r.stderr)
				b.open()
				b.nothingQueued()
				if p.cluster == nil {
					await(t, "the stage to end", func() bool { return !alive(b.starts("middle")[0]) })
				}
				_ = filepath.WalkDir(at, func(path string, _ os.DirEntry, err error) error {
					if err == nil && path != at {
						t.Errorf("where the workspace was, %s was written", path)
					}
					return nil
				})
				if len(b.starts("tail")) > 0 {
					t.Error("tail has run without a workspace")
				}
				if how == "unmounted" {
					p.must(unix.Mount(keep, at, "", unix.MS_BIND, ""))
				} else {
					_ = os.RemoveAll(at)
					p.must(os.Rename(at+"-removed", at))
				}
				st, stages := p.status(b.id)
				t.Logf("back: %s; middle %s %s; tail %s %s", st.State, stages["stage.middle"].State, stages["stage.middle"].Reason, stages["stage.tail"].State, stages["stage.tail"].Reason)
				await(t, "the run to end", func() bool { st, _ := p.status(b.id); return st.State.Ended() })
				b.again()
				b.is("head", run.Succeeded, 1)
				b.is("middle", run.Succeeded, 2)
				b.is("tail", run.Succeeded, 1)
				b.whole()
			})
		})
	}
}

func alive(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat[bytes.LastIndexByte(stat, ')'):]), " Z ")
}
