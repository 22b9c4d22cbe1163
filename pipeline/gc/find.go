package gc

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

// Kind is what an item is.
type Kind string

// The kinds of items.
const (
	RunFolder   Kind = "run"
	Result      Kind = "result" // an entry of the store
	Environment Kind = "environment"
	Frozen      Kind = "file" // from beside a pipeline
	Program     Kind = "program"
	Download    Kind = "download" // of a data stage
	Leftover    Kind = "leftover" // of a job or of a gc that was cut short
)

// Item is something that can be freed.
type Item struct {
	Kind  Kind   `json:"kind"`
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Of    string `json:"of,omitempty"` // the stage or the pipeline that it belonged to
}

// Options says which runs are not to be kept. Without any, all are.
type Options struct {
	Keep      int           // all but the newest Keep; negative: does not matter
	OlderThan time.Duration // those submitted so long ago; 0: does not matter
	Now       time.Time
	// Live reports whether a run has jobs that may still start or go on. A run of
	// which that cannot be told is live.
	Live func(*run.Run) bool
	// Program is the copy of runpipe that the next apply will use, or "".
	Program string
}

// collection is one look at a workspace.
type collection struct {
	workspace *workspace.Workspace
	now       time.Time
	needed    needs
	dropped   []*run.Run
}

// Find lists what can be freed, in the order of kinds and names.
func Find(w *workspace.Workspace, o Options) ([]Item, error) {
	c, err := look(w, o)
	if err != nil {
		return nil, err
	}
	var items []Item
	for _, r := range c.dropped {
		items = append(items, Item{Kind: RunFolder, Path: r.Dir, Of: r.Pipeline})
	}
	for _, place := range c.places() {
		found, err := c.unneeded(place)
		if err != nil {
			return nil, err
		}
		items = append(items, found...)
	}
	for i := range items {
		items[i].Bytes = size(items[i].Path)
	}
	return items, nil
}

// look lists the runs, and what those that are kept need.
func look(w *workspace.Workspace, o Options) (*collection, error) {
	runs, err := run.List(w)
	if err != nil {
		return nil, fmt.Errorf("nothing is freed, since what a run needs cannot be told: %w", err)
	}
	c := &collection{workspace: w, now: o.Now, needed: newNeeds(w)}
	c.needed.program(o.Program)
	ended := 0
	for _, r := range slices.Backward(runs) { // the newest first
		live := o.live(r)
		if !live {
			ended++
		}
		if !live && o.drops(r, ended) {
			c.dropped = append(c.dropped, r)
			continue
		}
		if err := c.needed.add(r, live); err != nil {
			return nil, err
		}
	}
	slices.Reverse(c.dropped)
	return c, nil
}

// live reports whether the run, or one that reproduces it, may still need what it
// has.
func (o Options) live(r *run.Run) bool {
	if o.Live(r) {
		return true
	}
	return slices.ContainsFunc(run.Reproductions(r), o.Live)
}

// drops reports whether the nth newest of the ended runs is not to be kept.
func (o Options) drops(r *run.Run, nth int) bool {
	if o.Keep < 0 && o.OlderThan == 0 {
		return false
	}
	return nth > o.Keep && (o.OlderThan == 0 || o.Now.Sub(r.Created) > o.OlderThan)
}

// place is a folder whose entries are freed one by one.
type place struct {
	folder string
	kind   Kind
}

func (c *collection) places() []place {
	w := c.workspace
	return []place{{w.Store(), Result}, {w.Environments(), Environment}, {w.Files(), Frozen}, {w.Bin(), Program}, {w.Data(), Download}, {w.Runs(), RunFolder}}
}

// unneeded lists the entries of a folder that nothing needs.
func (c *collection) unneeded(p place) ([]Item, error) {
	entries, err := os.ReadDir(p.folder)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("looking for what can be freed: %w", err)
	}
	var items []Item
	for _, e := range entries {
		item := Item{Kind: p.kind, Path: filepath.Join(p.folder, e.Name())}
		hidden := strings.HasPrefix(e.Name(), ".")
		switch {
		case strings.HasPrefix(e.Name(), aside):
			if !c.abandoned(e) {
				continue
			}
			item.Kind = Leftover
		case p.kind == Download && !c.abandoned(e): // one that an apply is about to use, or is on its way
			continue
		case p.kind == RunFolder: // those were chosen by what stands in them
			continue
		case hidden && p.kind != Result, c.needed.has(p.kind, e.Name()):
			continue // a claim, or a copy on its way
		case hidden:
			item.Kind = Leftover
		case p.kind == Result:
			item.Of = stageOf(item.Path)
		}
		items = append(items, item)
	}
	return items, nil
}

// abandoned reports whether something is there so long that nobody is about to use
// it: another gc to put it back, as a rename changes the change time; an apply, as
// the use of a download does.
func (c *collection) abandoned(e fs.DirEntry) bool {
	info, err := e.Info()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && c.now.Sub(time.Unix(stat.Ctim.Unix())) > time.Hour
}

// size is how many bytes are in a folder; what cannot be seen counts for nothing.
func size(path string) int64 {
	var total int64
	_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}
