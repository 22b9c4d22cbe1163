package view

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/runpipe/runpipe/pipeline/lock"
)

// LockingVersion is the version of what `lock --json` writes.
const LockingVersion = 1

// Locking is what lock has done.
type Locking struct {
	File    string // the lock file
	Changes []lock.Change
}

type lockingJSON struct {
	Version int       `json:"version"`
	File    string    `json:"file"`
	Changes []pinJSON `json:"changes"`
}

type pinJSON struct {
	Address    string      `json:"address"`
	Kind       lock.Pinned `json:"kind"`
	From       string      `json:"from"`
	To         string      `json:"to"`
	What       string      `json:"what,omitempty"`
	Repository string      `json:"repository,omitempty"`
	Ref        string      `json:"ref,omitempty"`
	Unshared   bool        `json:"unshared,omitempty"`
	Files      int         `json:"files,omitempty"`
	Bytes      int64       `json:"bytes,omitempty"`
}

// Locked writes what `lock --json` is documented to write.
func (j JSON) Locked(l Locking) error {
	out := lockingJSON{Version: LockingVersion, File: l.File, Changes: []pinJSON{}}
	for _, c := range l.Changes {
		out.Changes = append(out.Changes, pinJSON{
			Address: c.Address, Kind: c.Kind, From: c.Old, To: c.New, What: c.What,
			Repository: c.Repository, Ref: c.Ref, Unshared: c.Unshared, Files: c.Files, Bytes: c.Bytes,
		})
	}
	return j.encode(out)
}

// Locked shows the pins that are new or have moved.
func (h *Human) Locked(l Locking) error {
	if len(l.Changes) == 0 {
		return h.Screen.print(filepath.Base(l.File) + " is up to date.")
	}
	return Pins(h.Screen, l.Changes)
}

// Pins shows which pins are new or have moved, a line each.
func Pins(s *Screen, changes []lock.Change) error {
	var t table
	arrow := s.symbol("→", "->")
	for _, c := range changes {
		if c.Kind != lock.PinnedCommit {
			glyph, colour := "+", green
			if c.Old != "" {
				glyph, colour = "~", yellow
			}
			t = append(t, []cell{{text: glyph, style: colour, tight: true}, {text: c.Address}, {text: strings.ReplaceAll(inWords(c), "→", arrow)}, {}})
			continue
		}
		ref := c.Ref
		if ref == "" {
			ref = "default branch"
		}
		glyph, colour, text := "+", green, fmt.Sprintf("%s %s %.7s", ref, arrow, c.New)
		if c.Dirty {
			glyph, colour, text = "!", yellow, fmt.Sprintf("%s with uncommitted changes %s %.7s, for this run only", ref, arrow, c.New)
		}
		if c.Old != "" {
			glyph, colour, text = "~", yellow, fmt.Sprintf("%s moved %.7s %s %.7s", ref, c.Old, arrow, c.New)
		}
		t = append(t, []cell{{text: glyph, style: colour, tight: true}, {text: c.Address}, {text: text}, {text: c.Repository, style: dim}})
	}
	return s.print(s.lines(t, "", keeping)...)
}

// inWords is a pin of packages or data, with how much data it is.
func inWords(c lock.Change) string {
	switch {
	case c.Kind != lock.PinnedData:
		return c.What
	case c.Files > 0:
		return fmt.Sprintf("%s, %s, %s", c.What, count(c.Files, "file"), Size(c.Bytes))
	}
	return c.What + ", " + Size(c.Bytes)
}
