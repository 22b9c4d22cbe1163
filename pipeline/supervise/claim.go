package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// claim is one job's right to build an environment. Claims on one key are files
// numbered from 1, made with O_EXCL, of which the highest counts: to take over
// a stale one is to make the next, which exactly one of those who wait can do.
// Nothing that somebody else may hold is ever renamed or removed to get it.
type claim struct {
	base   string // path without the number
	number int
	beat   time.Duration           // between two signs of life
	lost   context.CancelCauseFunc // called with errLost when another has taken over
	stale  []string                // folders that dead holders were building
	stop   chan struct{}
	done   sync.WaitGroup
}

var errLost = errors.New("another job has taken over the building of this environment: this one gave no sign of life for too long")

// contest is what a job needs to win a claim.
type contest struct {
	base     string
	me       holder
	patience time.Duration // a claim whose file has not changed for so long is stale
	made     func() bool   // whether there is nothing left to build
	waiting  func(holder)  // called once with each holder that is waited for
	lost     context.CancelCauseFunc
}

// win waits until it holds the claim; nil if there is nothing left to build.
func (c contest) win(ctx context.Context) (*claim, error) {
	if err := os.MkdirAll(filepath.Dir(c.base), 0o700); err != nil {
		return nil, fmt.Errorf("claiming the build: %w", err)
	}
	watch := watcher{contest: c, seen: map[string]sighting{}}
	for !c.made() {
		current, free, err := watch.look()
		if err != nil {
			return nil, fmt.Errorf("claiming the build: %w", err)
		}
		if free {
			won, err := c.create(current)
			if err == nil && c.made() { // finished between our two looks
				won.release()
				return nil, nil
			}
			if err == nil || !errors.Is(err, fs.ErrExist) {
				return won, err
			}
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(min(c.patience/12, time.Second)):
		}
	}
	return nil, nil
}

// create makes the claim that follows current. It fails with fs.ErrExist if
// another was faster.
func (c contest) create(current int) (*claim, error) {
	won := &claim{base: c.base, number: current + 1, beat: c.patience / 6, lost: c.lost, stop: make(chan struct{})}
	for n := 1; n <= current; n++ {
		if h, err := readHolder(claimFile(c.base, n)); err == nil && h.Building != "" {
			won.stale = append(won.stale, h.Building)
		}
	}
	data, err := json.Marshal(c.me)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(claimFile(c.base, won.number), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return nil, err
	}
	won.done.Go(won.live)
	return won, nil
}

// live gives signs of life until the claim is released or lost.
func (c *claim) live() {
	tick := time.NewTicker(c.beat)
	defer tick.Stop()
	for {
		select {
		case <-c.stop:
			return
		case now := <-tick.C:
			os.Chtimes(claimFile(c.base, c.number), now, now)
			if _, err := os.Stat(claimFile(c.base, c.number+1)); err == nil {
				c.lost(errLost)
				return
			}
		}
	}
}

// release gives the claim back, after those it was taken over from: while it
// stands, nobody else makes or removes a lower one.
func (c *claim) release() {
	close(c.stop)
	c.done.Wait()
	for n := 1; n <= c.number; n++ {
		os.Remove(claimFile(c.base, n))
	}
}

func claimFile(base string, number int) string { return base + "-" + strconv.Itoa(number) }

// highestClaim finds the claim that counts; 0 if there is none.
func highestClaim(base string) (number int, err error) {
	entries, err := os.ReadDir(filepath.Dir(base))
	for _, e := range entries {
		if suffix, ok := strings.CutPrefix(e.Name(), filepath.Base(base)+"-"); ok {
			if n, err := strconv.Atoi(suffix); err == nil && n > number {
				number = n
			}
		}
	}
	return number, err
}
