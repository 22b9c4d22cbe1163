package local

import (
	"time"

	"golang.org/x/sys/unix"
)

// clear kills all processes of b, and reports whether none is left. If some
// are, it is to be called again when a child ends, or at b.kill.
//
// The scheduler is the reaper of all that it started (PR_SET_CHILD_SUBREAPER),
// so that no daemon of a job can leave the tree of its descendants.
func (s *scheduler) clear(b *batch) bool {
	if b.pid != 0 {
		_ = unix.Kill(b.pid, unix.SIGKILL)
	}
	left := s.remains(func(owner *batch) bool { return owner == b || owner == nil && len(s.running) == 1 })
	if left == 0 && b.exit != nil {
		return true
	}
	b.pause = longer(b.pause)
	b.kill = time.Now().Add(b.pause)
	return false
}

// clearAll kills what no job could be found for, once no job runs.
func (s *scheduler) clearAll() bool {
	if !s.collect() || s.remains(func(*batch) bool { return true }) == 0 {
		return true
	}
	s.recheck = time.Now().Add(100 * time.Millisecond)
	return false
}

// longer is the pause before killed processes are looked at again, in case that
// no signal tells of their end: they may hang in the kernel.
func longer(pause time.Duration) time.Duration {
	return min(max(2*pause, 20*time.Millisecond), time.Second)
}

// remains kills the processes whose owner is wanted and says how many there
// were. Zombies of ours that it meets are reaped and everything is looked at
// again, since such a one may have forked unseen.
func (s *scheduler) remains(wanted func(owner *batch) bool) int {
	for {
		left, zombies := 0, false
		for p, owner := range s.descendants() {
			switch {
			case p.zombie():
				zombies = zombies || p.parent == s.self.PID
			case wanted(owner):
				left++
				p.kill()
			}
		}
		if !zombies || left > 0 {
			return left
		}
		s.collect()
	}
}

// descendants are all processes below this one, each with the job that it
// belongs to, nil if that cannot be told.
func (s *scheduler) descendants() map[process]*batch {
	children := map[int][]process{}
	for _, p := range processTable() {
		children[p.parent] = append(children[p.parent], p)
	}
	found := map[process]*batch{}
	var walk func(parent int, owner *batch)
	walk = func(parent int, owner *batch) {
		for _, p := range children[parent] {
			if _, seen := found[p]; seen {
				continue
			}
			mine := owner
			if mine == nil {
				mine = s.owner(p)
			}
			found[p] = mine
			walk(p.pid, mine)
		}
	}
	walk(s.self.PID, nil)
	return found
}

// owner finds the job of a process that lost its parents: by the session, or by
// the token that all processes of a job inherit. One that has shed both is
// killed with the last job that runs.
func (s *scheduler) owner(p process) *batch {
	token := tokenOf(p.pid)
	for _, b := range s.running {
		if b.pid == p.pid || b.session == p.session || b.job.Token == token {
			return b
		}
	}
	return nil
}
