package view

import (
	"fmt"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
)

// UnlockingVersion is the version of what `unlock --json` writes.
const UnlockingVersion = 1

// Unlocking is a run that is not locked any more.
type Unlocking struct {
	Run     string
	Removed bool        // there was a lock
	Holder  *run.Holder // whose it was; nil if it was damaged, or there was none
}

type unlockingJSON struct {
	Version int         `json:"version"`
	Run     string      `json:"run"`
	Locked  bool        `json:"locked"`
	Removed bool        `json:"removed"`
	Holder  *holderJSON `json:"holder"`
}

type holderJSON struct {
	User  string    `json:"user"`
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

// Unlocked writes what `unlock --json` is documented to write.
func (j JSON) Unlocked(u Unlocking) error {
	out := unlockingJSON{Version: UnlockingVersion, Run: u.Run, Removed: u.Removed}
	if h := u.Holder; h != nil {
		out.Holder = &holderJSON{h.User, h.Host, h.PID, h.Since}
	}
	return j.encode(out)
}

// Unlocked says whose lock was removed.
func (h *Human) Unlocked(u Unlocking) error {
	text := fmt.Sprintf("Run %s is not locked.", u.Run)
	switch {
	case u.Holder != nil:
		text = fmt.Sprintf("Removed the lock of %s from run %s.", u.Holder, u.Run)
	case u.Removed:
		text = fmt.Sprintf("Removed the lock of run %s, which was damaged and named nobody.", u.Run)
	}
	return h.Screen.print(plain(text))
}
