package conda

import "sync"

// overall adds up the progress of several downloads.
type overall struct {
	mu    sync.Mutex
	files map[string]*state
}

type state struct{ done, total int64 }

// of is the progress of one file, which tells of all together. The total is -1
// while the size of a file is not known.
func (o *overall) of(file string, tell func(done, total int64)) func(done, total int64) {
	if tell == nil {
		return nil
	}
	return func(done, total int64) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.files == nil {
			o.files = map[string]*state{}
		}
		o.files[file] = &state{done, total}
		var all state
		for _, s := range o.files {
			all.done += s.done
			if s.total < 0 || all.total < 0 {
				all.total = -1
			} else {
				all.total += s.total
			}
		}
		tell(all.done, all.total)
	}
}
