package supervise

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func newContest(t *testing.T, base string) contest {
	t.Helper()
	return contest{
		base: base, me: newHolder(t.Name(), ""), patience: 300 * time.Millisecond,
		made: func() bool { return false }, waiting: func(holder) {}, lost: func(error) {},
	}
}

func TestOneHolderAtATime(t *testing.T) {
	base := filepath.Join(t.TempDir(), "envs", ".key.claim")
	var inside, most atomic.Int32
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			c := newContest(t, base)
			c.patience = 2 * time.Second
			held, err := c.win(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			if n := inside.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Millisecond)
			inside.Add(-1)
			held.release()
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d held the claim at once", most.Load())
	}
	if left, _ := filepath.Glob(base + "*"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// foreign is a holder whose process cannot be looked at from here.
func foreign(t *testing.T) contest {
	c := newContest(t, filepath.Join(t.TempDir(), ".key.claim"))
	c.me.Host = "elsewhere"
	return c
}

func TestASilentHolderIsTakenOverAndFindsOut(t *testing.T) {
	c := foreign(t)
	lost := make(chan error, 1)
	c.lost = func(err error) { lost <- err }
	slow, err := c.win(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	close(slow.stop) // no sign of life from now on
	slow.done.Wait()
	next := newContest(t, c.base)
	waited := 0
	next.waiting = func(h holder) { waited++ }
	held, err := next.win(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if waited != 1 || held.number != 2 {
		t.Errorf("waited for %d, claim number %d", waited, held.number)
	}
	// It comes back to life.
	slow.stop = make(chan struct{})
	slow.done.Go(slow.live)
	if err := <-lost; !errors.Is(err, errLost) {
		t.Error(err)
	}
	slow.release()
	if _, err := os.Stat(claimFile(c.base, 2)); err != nil {
		t.Errorf("the late one removed its successor's claim: %v", err)
	}
	held.release()
}

func TestALivingHolderIsNotTakenOver(t *testing.T) {
	c := foreign(t)
	held, err := c.win(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.release()
	ctx, cancel := context.WithTimeout(t.Context(), 5*c.patience)
	defer cancel()
	if _, err := newContest(t, c.base).win(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestNothingIsClaimedWhenAllIsMade(t *testing.T) {
	c := newContest(t, filepath.Join(t.TempDir(), ".key.claim"))
	c.made = func() bool { return true }
	if held, err := c.win(t.Context()); held != nil || err != nil {
		t.Errorf("got %v, %v", held, err)
	}
	// Made between the look and the claim.
	looks := 0
	c.made = func() bool { looks++; return looks > 1 }
	if held, err := c.win(t.Context()); held != nil || err != nil {
		t.Errorf("got %v, %v", held, err)
	}
	if left, _ := filepath.Glob(c.base + "*"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
