package seal

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

// Depth is how closely Check looks.
type Depth int

// The depths.
const (
	// Glance believes a size and a modification time, as make(1) does, and does not
	// go where a link leads: an environment has tens of thousands of files. What
	// was made before there were seals is not looked into.
	Glance Depth = iota
	// Quick believes stamps: what a job does when it starts.
	Quick
	// Full reads every byte again.
	Full
)

// What is different about a file.
const (
	Missing    = "missing"
	Changed    = "changed"
	Added      = "added"
	Mode       = "has another executable bit"
	Elsewhere  = "leads elsewhere"
	Unreadable = "cannot be read"
)

// Difference is one thing that is not as the record has it.
type Difference struct {
	Output string `json:"output"`         // name
	Path   string `json:"path,omitempty"` // below the output, or "" for the whole of it
	What   string `json:"what"`
}

// String is a difference as a person reads it: "tree/src/train.py changed".
func (d Difference) String() string { return path.Join(d.Output, d.Path) + " " + d.What }

// Summary names the first differences.
func Summary(all []Difference) string {
	const most = 5
	var parts []string
	for _, d := range all[:min(len(all), most)] {
		parts = append(parts, d.String())
	}
	text := strings.Join(parts, ", ")
	if len(all) > most {
		text += ", and more"
	}
	return text
}

// Check compares what is in folder, an entry of the store, with its record, and
// tells what differs, sorted. The error is for what hinders the comparison; a
// file that is missing or cannot be read is a difference.
func Check(folder string, r *record.Record, depth Depth) ([]Difference, error) {
	var s *Seal
	var all []Difference
	for _, o := range r.Outputs {
		if s == nil && (depth != Glance || o.Contents == "") {
			var err error
			if s, err = Read(folder); err != nil {
				s = &Seal{} // none, or damaged: the record's own digests still hold
			}
		}
		found, err := checkOutput(folder, o, s, depth)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortStableFunc(all, func(a, b Difference) int {
		return strings.Compare(a.Output+"\x00"+a.Path, b.Output+"\x00"+b.Path)
	})
	return all, nil
}

func checkOutput(folder string, o record.Output, s *Seal, depth Depth) ([]Difference, error) {
	one := func(what string) []Difference { return []Difference{{Output: o.Name, What: what}} }
	at := filepath.Join(folder, "outputs", filepath.FromSlash(o.Path))
	sealed, want := s.output(o.Name), o.Digest
	if o.Contents != "" {
		if target, err := os.Readlink(at); err != nil || stages.LinkContent(target).Digest != o.Digest {
			return one(linkFault(err)), nil
		}
		want = o.Contents
		if depth == Glance {
			return nil, nil
		}
	}
	now, err := stages.List(at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return one(Missing), nil
	case err != nil:
		return one(Unreadable), nil
	}
	if sealed != nil && (stages.Listing{Folder: sealed.Folder, Lines: sealed.Lines}).Content().Digest != want {
		sealed = nil // not what the record speaks of
	}
	switch {
	case sealed == nil && depth == Glance:
		return nil, nil
	case sealed != nil && depth == Glance:
		believe(now.Lines, sealed.Lines, func(old, line stages.Line) bool { return line.Modified == old.Modified })
	case sealed != nil && depth == Quick:
		believe(now.Lines, sealed.Lines, func(old, line stages.Line) bool {
			return line.Stamp == old.Stamp && old.Changed != 0 && old.Changed < s.Sealed
		})
	}
	if err := now.Fill(); err != nil {
		return one(Unreadable), nil
	}
	if sealed == nil {
		if now.Content().Digest == want {
			return nil, nil
		}
		return one(Changed), nil
	}
	return compare(o.Name, sealed, now), nil
}

func linkFault(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return Missing
	}
	return Elsewhere
}

// believe takes over the digests of files that have kept their size, and are
// otherwise the same in the sense of same.
func believe(now, then []stages.Line, same func(old, line stages.Line) bool) {
	known := map[string]stages.Line{}
	for _, line := range then {
		known[line.Path] = line
	}
	for i := range now {
		line := &now[i]
		if old, ok := known[line.Path]; ok && line.Digest == "" && line.Size == old.Size && same(old, *line) {
			line.Digest = old.Digest
		}
	}
}

// compare names the files that differ.
func compare(name string, then *Output, now stages.Listing) []Difference {
	var all []Difference
	add := func(path, what string) { all = append(all, Difference{Output: name, Path: path, What: what}) }
	found := map[string]stages.Line{}
	for _, line := range now.Lines {
		found[line.Path] = line
	}
	for _, old := range then.Lines {
		line, ok := found[old.Path]
		delete(found, old.Path)
		switch {
		case !ok:
			add(old.Path, Missing)
		case line.Digest != old.Digest || (line.Mode == "l") != (old.Mode == "l"):
			add(old.Path, Changed)
		case line.Mode != old.Mode && now.Folder:
			add(old.Path, Mode)
		}
	}
	for path := range found {
		if !compiled(path) {
			add(path, Added)
		}
	}
	return all
}

// compiled reports whether Python itself has written the file: it keeps the
// modules that it has compiled beside their sources, whoever imports them.
func compiled(file string) bool {
	return strings.HasSuffix(file, ".pyc") && path.Base(path.Dir(file)) == "__pycache__"
}
