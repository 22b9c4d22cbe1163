package local

import (
	"log"
	"time"

	"github.com/runpipe/runpipe/slurm"
	"golang.org/x/sys/unix"
)

// terminate tells the batch process to end, as Slurm does; it is up to that one
// to tell its children. Whatever is left after wait is killed.
func (b *batch) terminate(as slurm.State, wait time.Duration) {
	if b.ending != "" || b.exit != nil {
		return
	}
	b.ending, b.kill = as, time.Now().Add(wait)
	b.job.State = "COMPLETING"
	_ = unix.Kill(b.pid, unix.SIGCONT)
	_ = unix.Kill(b.pid, unix.SIGTERM)
}

// reap collects every process that has ended, those among them that lost their
// parents, and then ends the jobs of which none is left.
func (s *scheduler) reap() {
	children := s.collect()
	for _, b := range s.batches() {
		if b.exit == nil {
			continue
		}
		if !children || s.clear(b) {
			s.end(b)
		}
	}
}

// collect reaps, and reports whether there are children left.
func (s *scheduler) collect() bool {
	byPID := map[int]*batch{}
	for _, b := range s.running {
		byPID[b.pid] = b
	}
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		switch {
		case err == unix.EINTR:
		case err != nil: // ECHILD
			return false
		case pid == 0:
			return true
		default:
			if b := byPID[pid]; b != nil && b.exit == nil {
				b.pid, b.exit = 0, &status
			}
		}
	}
}

// batches lists what runs, in the order of submission.
func (s *scheduler) batches() []*batch {
	var list []*batch
	for _, j := range s.ledger.jobs {
		if b := s.running[j.id]; b != nil {
			list = append(list, b)
		}
	}
	return list
}

// expire ends jobs whose time is over and kills those that were told to end.
func (s *scheduler) expire() {
	now := time.Now()
	for _, b := range s.batches() {
		if !b.limit.IsZero() && !now.Before(b.limit) {
			b.limit = time.Time{}
			b.terminate("TIMEOUT", s.killWait)
		}
		if !b.kill.IsZero() && !now.Before(b.kill) && s.clear(b) {
			s.end(b)
		}
	}
}

// alarm rings when the next of these moments comes.
func (s *scheduler) alarm() *time.Timer {
	next := s.recheck
	for _, b := range s.running {
		for _, t := range []time.Time{b.limit, b.kill} {
			if !t.IsZero() && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
	}
	if next.IsZero() {
		return time.NewTimer(1<<63 - 1)
	}
	return time.NewTimer(time.Until(next))
}

// end records how a job ended of which no process is left.
func (s *scheduler) end(b *batch) {
	j := b.job
	delete(s.running, j.id)
	s.gpus.give(b.gpus)
	j.End = time.Now().UTC()
	j.Exit = &exit{}
	if b.exit.Signaled() {
		j.Exit.Signal = int(b.exit.Signal())
	} else {
		j.Exit.Code = b.exit.ExitStatus()
	}
	j.State, j.Reason = b.verdict()
	log.Printf("job %s (%s) ended: %s %s, exit %d:%d", j.id, j.Name, j.State, j.Reason, j.Exit.Code, j.Exit.Signal)
}

// verdict is the state that Slurm would give the job, and the reason.
func (b *batch) verdict() (slurm.State, string) {
	const killed = 128 + int(unix.SIGKILL) // as a shell or a supervisor reports it
	switch {
	case b.ending == "TIMEOUT":
		return b.ending, reasonTimeLimit
	case b.ending != "":
		return b.ending, ""
	case b.exit.Exited() && b.exit.ExitStatus() == 0:
		return "COMPLETED", ""
	case (b.exit.Signal() == unix.SIGKILL || b.exit.ExitStatus() == killed) && oomKills() > b.ooms:
		return "OUT_OF_MEMORY", reasonMemory
	case b.exit.Signaled():
		return "FAILED", reasonSignal
	default:
		return "FAILED", reasonExit
	}
}
