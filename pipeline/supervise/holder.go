package supervise

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// holder is what a claim's file says of who made it.
type holder struct {
	Host     string `json:"host"`
	Space    string `json:"pid_namespace"` // process ids mean nothing outside it
	PID      int    `json:"pid"`
	Job      string `json:"job"`
	Token    string `json:"token"`
	Building string `json:"building"` // the folder
}

func newHolder(job, building string) holder {
	host, _ := os.Hostname()
	token := make([]byte, 8)
	rand.Read(token) // never fails
	return holder{Host: host, Space: pidNamespace(), PID: os.Getpid(), Job: job, Token: hex.EncodeToString(token), Building: building}
}

func pidNamespace() string {
	space, _ := os.Readlink("/proc/self/ns/pid")
	return space
}

// dead reports whether the holder's process is known to be gone: only on its
// own host can that be known.
func (h holder) dead() bool {
	host, err := os.Hostname()
	return err == nil && host == h.Host && h.Space == pidNamespace() && h.PID > 0 && unix.Kill(h.PID, 0) == unix.ESRCH
}

// readHolder reads a claim's file. One that is not written yet, or never was to
// the end, has a holder without a name.
func readHolder(path string) (holder, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return holder{}, err
	}
	var h holder
	if json.Unmarshal(data, &h) != nil {
		return holder{Token: path}, nil
	}
	return h, nil
}

// watcher follows the signs of life of those who hold a claim.
type watcher struct {
	contest
	seen map[string]sighting // by the holder's token
}

// sighting is when a claim's file was first seen with its time of change.
// Clocks of two machines are never compared.
type sighting struct{ at, changed time.Time }

// look finds the claim that counts, and whether it is free to be taken over.
func (w *watcher) look() (current int, free bool, err error) {
	current, err = highestClaim(w.base)
	if current == 0 || err != nil {
		return 0, err == nil, err
	}
	owner, err := readHolder(claimFile(w.base, current))
	if errors.Is(err, fs.ErrNotExist) { // given back between the two looks
		return current, false, nil
	}
	if err != nil {
		return current, false, err
	}
	if owner.dead() {
		return current, true, nil
	}
	now := sight(claimFile(w.base, current))
	before, known := w.seen[owner.Token]
	if !known {
		w.waiting(owner)
	}
	if !known || !now.changed.Equal(before.changed) {
		w.seen[owner.Token] = now
		return current, false, nil
	}
	return current, now.at.Sub(before.at) > w.patience, nil
}

func sight(path string) sighting {
	s := sighting{at: time.Now()}
	if f, err := os.Open(path); err == nil { // NFS asks the server at an open, not at a stat
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			s.changed = info.ModTime()
		}
	}
	return s
}
