package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/runpipe/runpipe/pipeline/workspace"
)

// lockName is the lock's file in a run's folder.
const lockName = "lock"

// HeldError says that another process holds a lock.
type HeldError struct {
	Holder Holder
	path   string
}

// Error names the holder, and where it cannot be judged from here, what to do.
func (e *HeldError) Error() string {
	text := "it is being submitted by " + e.Holder.String()
	if e.Holder.Life() == Elsewhere {
		text += ", and only there can be told whether that process lives"
	}
	return text
}

// lock is a held lock. Its file appears whole and is never there twice, by
// link(2), which was exclusive on NFS in 200 races; the locks of the file
// systems themselves cannot be trusted on shared ones.
type lock struct {
	path   string
	holder Holder
}

// acquire takes the lock at path, from a dead holder of this machine too. The
// error is a *HeldError if somebody else holds it.
func acquire(path string) (*lock, error) {
	for {
		l, err := createLock(path)
		if !errors.Is(err, fs.ErrExist) {
			return l, err
		}
		holder, err := readHolder(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // given back between the two looks
		case err != nil:
			return nil, unknownHolder(err)
		case holder.Life() != Dead:
			return nil, &HeldError{holder, path}
		}
		if err := removeLock(path, holder); err != nil {
			return nil, err
		}
	}
}

func createLock(path string) (*lock, error) {
	private, err := os.CreateTemp(filepath.Dir(path), ".lock-")
	if err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	_ = private.Close() // it is written by its name
	defer func() { _ = os.Remove(private.Name()) }()
	l := &lock{path: path, holder: thisProcess()}
	if err := workspace.WriteJSON(private.Name(), l.holder); err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	if err := os.Link(private.Name(), path); err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	return l, nil
}

// remove removes a lock's file if its holder is still the wanted one. Only one
// process of a machine does so at a time: else one that judged a dead holder
// might remove the lock of another that has just taken it over.
func removeLock(path string, wanted Holder) error {
	unlock, err := exclusively(path)
	if err != nil {
		return err
	}
	defer unlock()
	holder, err := readHolder(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !holder.is(wanted) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading who holds the lock: %w", err)
	}
	return os.Remove(path)
}

// exclusively waits until no other process of this machine changes the file. It
// holds an abstract socket (unix(7)), which goes when the process goes.
func exclusively(path string) (unlock func(), err error) {
	sum := sha256.Sum256([]byte(path))
	name := "@runpipe-lock-" + strconv.Itoa(os.Getuid()) + "-" + hex.EncodeToString(sum[:16])
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		listener, err := net.Listen("unix", name)
		if err == nil {
			return func() { _ = listener.Close() }, nil
		}
		if !errors.Is(err, unix.EADDRINUSE) || time.Now().After(end) {
			return nil, fmt.Errorf("locking: %w", err)
		}
	}
}

// release gives the lock back.
func (l *lock) release() {
	_ = removeLock(l.path, l.holder) // else it is found dead
}

// held reports whether the lock is still this process's: somebody may have
// removed it by hand.
func (l *lock) held() bool {
	holder, err := readHolder(l.path)
	return err == nil && holder.is(l.holder)
}

// Patience with a lock that is held: how often it is looked at, and how long
// one is waited for whose holder cannot be judged from here.
const (
	lockPause     = 100 * time.Millisecond
	lockElsewhere = time.Minute
)

// await acquires the lock as soon as it is free. It says once whom it waits for.
func awaitLock(ctx context.Context, path string, notice func(string)) (*lock, error) {
	said, began := false, time.Now()
	for {
		l, err := acquire(path)
		var held *HeldError
		if !errors.As(err, &held) {
			return l, err
		}
		if held.Holder.Life() == Elsewhere && time.Since(began) > lockElsewhere {
			return nil, err
		}
		if !said && time.Since(began) > 2*lockPause {
			notice("Waiting, since " + held.Error() + ".")
			said = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPause):
		}
	}
}

// Unlock removes the lock of a run whose submitter is dead, or lives on another
// machine, where whoever calls this knows it to be dead. It returns the holder;
// nil if the run is not locked. A *HeldError says that the holder lives here.
func (r *Run) Unlock() (*Holder, error) {
	path := filepath.Join(r.Dir, lockName)
	holder, err := readHolder(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return r.unlockUnknown(path, err)
	case holder.Life() == Alive:
		return &holder, &HeldError{holder, path}
	}
	return &holder, removeLock(path, holder)
}

// unknownHolder says that a lock's file tells nobody's name.
func unknownHolder(err error) error {
	var other *workspace.VersionError
	if errors.As(err, &other) {
		return fmt.Errorf("reading who holds the lock: %w", err)
	}
	return fmt.Errorf("reading who holds the lock: %w; runpipe unlock RUN removes it once nobody is submitting the run any more", err)
}

// unlockUnknown removes a lock that names nobody, since its file was damaged: it
// was written whole, so that there is no process in the middle of that. One of
// another runpipe's stays.
func (r *Run) unlockUnknown(path string, err error) (*Holder, error) {
	var other *workspace.VersionError
	if errors.As(err, &other) {
		return nil, fmt.Errorf("reading who holds the lock: %w", err)
	}
	return &Holder{}, os.Remove(path)
}

// submitter is the process that is submitting the run, as far as can be told
// from here; nil if none does.
func (r *Run) submitter() *Holder {
	holder, err := readHolder(filepath.Join(r.Dir, lockName))
	if err != nil || holder.Life() == Dead {
		return nil
	}
	return &holder
}
