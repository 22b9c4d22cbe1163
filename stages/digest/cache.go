package digest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Small is the size, in bytes, below which a file is not worth remembering: it is
// read about as quickly as it is looked up.
const Small = 64 << 10

// settled is how old a file's last change must be for its digest to be remembered.
// Two seconds is the coarsest clock of a file system in use (FAT, see mount(8)).
const settled = 2 * time.Second

// Cache remembers digests in one file. It may be used by many goroutines, and the
// file by many processes.
type Cache struct {
	file  string
	clock func() time.Time // this machine's; another one in a test
	mu    sync.Mutex
	seen  map[place]known
}

// place tells one file from another, as long as both exist.
type place struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
}

// state tells one state of a file from another.
type state struct {
	Size  int64 `json:"size"`
	Mtime int64 `json:"mtime"` // nanoseconds since 1970, like Ctime
	Ctime int64 `json:"ctime"`
}

type identity struct {
	place
	state
}

// known is the digest, in hex, of what a file held in a state.
type known struct {
	state
	sum string
}

// Progress is told how many bytes of a file have been read, and of how many. It
// may be nil.
type Progress func(done, total int64)

// File is the digest of a file's bytes, "sha256:<hex>". A symbolic link is
// followed. What is no regular file, or changes while it is read, is an error.
func (c *Cache) File(path string) (string, error) {
	return c.Read(context.Background(), path, nil)
}

// Read is File for a large file: it can be ended, and tells how far it is.
func (c *Cache) Read(ctx context.Context, path string, tell Progress) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for ever
		return "", fmt.Errorf("%s is not a regular file (%s)", path, info.Mode().Type())
	}
	if sum, ok := c.recall(identify(info)); ok {
		return "sha256:" + sum, nil
	}
	started, began := c.clock(), time.Now()
	id, sum, err := follow(ctx, path, tell)
	if err != nil {
		return "", err
	}
	if id.Size >= Small && id.settledAt(started) && id.settledAt(c.filesTime().Add(-time.Since(began))) {
		c.remember(id, sum)
	}
	return "sha256:" + sum, nil
}

// follow reads a file from end to end, and sees to it that nobody writes to it.
func follow(ctx context.Context, path string, tell Progress) (identity, string, error) {
	f, err := os.Open(path)
	if err != nil {
		return identity{}, "", err
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return identity{}, "", err
	}
	sum := sha256.New()
	from := &counted{ctx: ctx, from: io.LimitReader(f, before.Size()), total: before.Size(), tell: tell}
	if _, err := io.CopyBuffer(sum, from, make([]byte, 1<<20)); err != nil {
		return identity{}, "", fmt.Errorf("reading %s: %w", path, err)
	}
	after, err := f.Stat()
	if err != nil {
		return identity{}, "", err
	}
	if identify(before) != identify(after) {
		return identity{}, "", fmt.Errorf("%s changed while it was read: something is writing to it", path)
	}
	return identify(after), hex.EncodeToString(sum.Sum(nil)), nil
}

func identify(info os.FileInfo) identity {
	id := identity{state: state{Size: info.Size(), Mtime: info.ModTime().UnixNano()}}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		id.Device, id.Inode = uint64(s.Dev), s.Ino
		id.Ctime = s.Ctim.Nano()
	}
	return id
}

// settledAt reports whether the last change was long enough before t. One that lies
// in the future was made by another clock, and says nothing.
func (id identity) settledAt(t time.Time) bool {
	return time.Duration(t.UnixNano()-max(id.Mtime, id.Ctime)) > settled
}

// filesTime is the time by the clock of the file system that the cache lies in, as a
// rule that of the files too: to a machine whose clock is ahead of its file server's
// a file of this moment looks old. Where it cannot be had, it is this machine's.
func (c *Cache) filesTime() time.Time {
	_ = os.Mkdir(filepath.Dir(c.file), 0o700)
	f, err := os.CreateTemp(filepath.Dir(c.file), ".clock-")
	if err != nil {
		return c.clock()
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.Write([]byte{0}); err != nil {
		return c.clock()
	}
	info, err := f.Stat()
	if err != nil {
		return c.clock()
	}
	return info.ModTime()
}

func (c *Cache) recall(id identity) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.seen[id.place]
	return k.sum, ok && k.state == id.state
}

// counted is a file that tells how much of it was read.
type counted struct {
	ctx         context.Context
	from        io.Reader
	done, total int64
	tell        Progress
}

func (c *counted) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	n, err := c.from.Read(p)
	c.done += int64(n)
	if c.tell != nil {
		c.tell(c.done, c.total)
	}
	return n, err
}
