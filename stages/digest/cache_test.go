package digest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func opened(t *testing.T, dir string) *Cache {
	t.Helper()
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func written(t *testing.T, dir string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, "data.bin")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func wantSum(t *testing.T, c *Cache, path, want string) {
	t.Helper()
	got, err := c.File(path)
	if err != nil || got != want {
		t.Fatalf("File: %s, %v; want %s", got, err, want)
	}
}

// entry is the identity under which a cache would remember path now.
func entry(t *testing.T, path string) identity {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return identify(info)
}

var large = bytes.Repeat([]byte("0123456789abcdef"), Small/16)

// What was remembered is believed by a later process, for as long as the file is
// the same; the planted digest shows that the file was not read.
func TestAnUnchangedFileIsNotReadAgain(t *testing.T) {
	dir := t.TempDir()
	path := written(t, dir, large)
	opened(t, dir).remember(entry(t, path), strings.Repeat("ab", 32))
	wantSum(t, opened(t, dir), path, "sha256:"+strings.Repeat("ab", 32))
	wantSum(t, opened(t, t.TempDir()), path, sumOf(large))
}

// A change is seen although size and modification time are set back.
func TestAChangeUnderAnOldTimeIsSeen(t *testing.T) {
	dir := t.TempDir()
	path := written(t, dir, large)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	c := opened(t, dir)
	c.remember(entry(t, path), strings.Repeat("ab", 32))
	changed := bytes.ToUpper(large)
	for before := entry(t, path).Ctime; entry(t, path).Ctime == before; { // until the file system's clock has ticked
		written(t, dir, changed)
		if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	if entry(t, path).Mtime != info.ModTime().UnixNano() {
		t.Fatal("the modification time was not set back: the test shows nothing")
	}
	wantSum(t, c, path, sumOf(changed))
	wantSum(t, opened(t, dir), path, sumOf(changed))
}

// A file that was written a moment ago may be written again within the same tick.
func TestAFreshFileIsNotRemembered(t *testing.T) {
	dir := t.TempDir()
	c := opened(t, dir)
	path := written(t, dir, large)
	wantSum(t, c, path, sumOf(large))
	if len(c.seen) != 0 {
		t.Fatal("a file of this moment was remembered")
	}
	now := time.Now()
	for age, want := range map[time.Duration]bool{0: false, time.Second: false, 3 * time.Second: true, -time.Hour: false} {
		id := identity{state: state{Mtime: now.Add(-time.Hour).UnixNano(), Ctime: now.Add(-age).UnixNano()}}
		if id.settledAt(now) != want {
			t.Errorf("changed %v ago: settled is %v", age, !want)
		}
	}
}

// A machine whose clock is ahead of the file server's does not take a file of this
// moment for an old one.
func TestAClockThatIsAhead(t *testing.T) {
	dir := t.TempDir()
	c := opened(t, dir)
	c.clock = func() time.Time { return time.Now().Add(10 * time.Minute) }
	path := written(t, dir, large)
	wantSum(t, c, path, sumOf(large))
	if len(c.seen) != 0 {
		t.Error("a file of this moment was remembered")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".clock-*")); len(left) > 0 {
		t.Errorf("%v was left", left)
	}
}

// An old file is remembered by itself, across processes.
func TestAnOldFileIsRemembered(t *testing.T) {
	path := "/bin/bash" // nothing else on a machine is sure to be large and old
	if info, err := os.Stat(path); err != nil || info.Size() < Small || !identify(info).settledAt(time.Now()) {
		t.Fatal("this machine's bash is younger than the test")
	}
	dir := t.TempDir()
	want, err := opened(t, dir).File(path)
	if err != nil {
		t.Fatal(err)
	}
	again := opened(t, dir)
	if len(again.seen) != 1 {
		t.Fatalf("%d digests are remembered", len(again.seen))
	}
	wantSum(t, again, path, want)
}

func TestADamagedCacheIsIgnored(t *testing.T) {
	dir := t.TempDir()
	path := written(t, dir, large)
	opened(t, dir).remember(entry(t, path), strings.Repeat("ab", 32))
	file := filepath.Join(dir, name)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for what, damaged := range map[string][]byte{
		"another digest": bytes.Replace(data, []byte("abab"), []byte("acac"), 1),
		"torn":           data[:len(data)/2],
		"no JSON":        []byte("hello\n"),
		"a long line":    bytes.Repeat([]byte("x"), 1<<20),
	} {
		if err := os.WriteFile(file, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := opened(t, dir).File(path)
		if err != nil || got != sumOf(large) {
			t.Errorf("%s: %s, %v", what, got, err)
		}
	}
	// What is appended after a torn line is a line of its own.
	if err := os.WriteFile(file, data[:len(data)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	opened(t, dir).remember(entry(t, path), strings.Repeat("cd", 32))
	wantSum(t, opened(t, dir), path, "sha256:"+strings.Repeat("cd", 32))
}

func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			c := opened(t, dir)
			for i := range 50 {
				c.remember(identity{place: place{Inode: uint64(n*50 + i)}}, strings.Repeat("ab", 32))
			}
		})
	}
	group.Wait()
	if got := len(opened(t, dir).seen); got != 400 {
		t.Errorf("%d of 400 digests are there", got)
	}
}

// A file that grows with every change is written again with what counts.
func TestOldStatesAreDropped(t *testing.T) {
	dir := t.TempDir()
	c := opened(t, dir)
	for n := range 1500 {
		c.remember(identity{place: place{Inode: uint64(n % 3)}, state: state{Mtime: int64(n)}}, strings.Repeat("ab", 32))
	}
	again := opened(t, dir)
	if len(again.seen) != 3 || again.seen[place{Inode: 2}].Mtime != 1499 {
		t.Errorf("the newest states are not the ones kept: %v", again.seen)
	}
	if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || bytes.Count(data, []byte("\n")) != 3 {
		t.Errorf("the file has %d lines (%v)", bytes.Count(data, []byte("\n")), err)
	}
}

// An unwritable cache, and one in a folder that is not there, cost only time.
func TestACacheThatCannotBeKept(t *testing.T) {
	path := written(t, t.TempDir(), large)
	c := opened(t, filepath.Join(t.TempDir(), "not", "there"))
	c.remember(entry(t, path), strings.Repeat("ab", 32))
	wantSum(t, c, path, "sha256:"+strings.Repeat("ab", 32))
	if _, err := os.Stat(filepath.Dir(filepath.Dir(c.file))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a workspace was made for a cache: %v", err)
	}
}

func TestWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	c := opened(t, dir)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, pipe, filepath.Join(dir, "missing")} {
		if sum, err := c.File(path); err == nil {
			t.Errorf("%s has a digest: %s", path, sum)
		}
	}
	if err := os.Symlink(written(t, dir, large), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	wantSum(t, c, filepath.Join(dir, "link"), sumOf(large))
}

// A large file can be left in the middle, and tells how far it is.
func TestReadTellsAndEnds(t *testing.T) {
	dir := t.TempDir()
	c := opened(t, dir)
	path := written(t, dir, bytes.Repeat(large, 64))
	ctx, stop := context.WithCancel(t.Context())
	var last, total int64
	if _, err := c.Read(ctx, path, func(done, all int64) { last, total = done, all; stop() }); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended read gives %v", err)
	}
	if last == 0 || last >= total || total != int64(len(large)*64) {
		t.Errorf("told %d of %d bytes", last, total)
	}
	// A writer is noticed.
	if _, err := c.Read(t.Context(), path, func(int64, int64) {
		if f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0); err == nil {
			_, _ = f.WriteString("more")
			_ = f.Close()
		}
	}); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("a file that grows gives %v", err)
	}
}
