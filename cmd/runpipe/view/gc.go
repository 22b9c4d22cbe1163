package view

import (
	"fmt"
	"path/filepath"

	"github.com/runpipe/runpipe/pipeline/gc"
)

// FreeingVersion is the version of what `gc --json` writes.
const FreeingVersion = 1

// Freeing is what gc would free, or has freed.
type Freeing struct {
	Version int       `json:"version"`
	Freed   bool      `json:"freed"`
	Bytes   int64     `json:"bytes"`
	Items   []gc.Item `json:"items"`
}

func (f Freeing) total() int64 {
	var sum int64
	for _, item := range f.Items {
		sum += item.Bytes
	}
	return sum
}

// Free writes what `gc --json` is documented to write.
func (j JSON) Free(f Freeing) error {
	f.Version, f.Bytes = FreeingVersion, f.total()
	if f.Items == nil {
		f.Items = []gc.Item{}
	}
	return j.encode(f)
}

// Free lists what would be freed, a line an item, or sums up what was.
func (h *Human) Free(f Freeing) error {
	s := h.Screen
	switch {
	case f.Freed:
		return s.print(fmt.Sprintf("Freed %s, %s.", count(len(f.Items), "item"), Size(f.total())))
	case len(f.Items) == 0:
		return s.print("There is nothing to free.")
	}
	var t table
	for _, item := range f.Items {
		name := filepath.Base(item.Path)
		if item.Kind != gc.RunFolder && len(name) > 20 {
			name = name[:20]
		}
		t = append(t, []cell{{text: string(item.Kind)}, {text: name}, {text: Size(item.Bytes), right: true}, {text: plain(item.Of), style: dim}})
	}
	lines := s.lines(t, "", keeping)
	return s.print(append(lines, "", fmt.Sprintf("%s, %s.", count(len(f.Items), "item"), Size(f.total())))...)
}
