package supervise

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// signals is the batch process's ear. The first signal that ends a job is kept
// for good: a command that ignores SIGTERM and exits 0 has still been cancelled.
// SIGUSR1 and SIGUSR2 are heard and dropped: unheard, one of them (as sent by
// --signal=B:USR1) would kill the supervisor and so the job.
type signals struct {
	heard chan os.Signal
	ends  chan struct{} // closed as soon as a signal came that ends the job
	quit  chan struct{}
}

func listen() *signals {
	s := &signals{heard: make(chan os.Signal, 8), ends: make(chan struct{}), quit: make(chan struct{})}
	wanted := []os.Signal{syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2}
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if !signal.Ignored(sig) { // nohup, or a shell's background job
			wanted = append(wanted, sig)
		}
	}
	signal.Notify(s.heard, wanted...)
	return s
}

// came reports whether a signal has come that ends the job, or does within limit.
func (s *signals) came(limit time.Duration) bool {
	select {
	case <-s.ends:
		return true
	default:
	}
	select {
	case <-s.ends:
		return true
	case <-time.After(limit):
		return false
	}
}

// watch calls end at the first signal that ends a job.
func (s *signals) watch(end func(os.Signal)) {
	for {
		select {
		case sig := <-s.heard:
			if sig != syscall.SIGUSR1 && sig != syscall.SIGUSR2 {
				close(s.ends)
				end(sig)
				return // still notified, so that a second one kills nobody
			}
		case <-s.quit:
			return
		}
	}
}

func (s *signals) stop() {
	signal.Stop(s.heard)
	close(s.quit)
}
