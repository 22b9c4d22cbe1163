package supervise

import (
	"os"
	"os/signal"
	"syscall"
)

// signals is the batch process's ear. The first signal that ends a job is kept
// for good: a command that ignores SIGTERM and exits 0 has still been cancelled.
// SIGUSR1 and SIGUSR2 are heard and dropped: unheard, one of them (as sent by
// --signal=B:USR1) would kill the supervisor and so the job.
type signals struct {
	heard chan os.Signal
	quit  chan struct{}
}

func listen() *signals {
	s := &signals{heard: make(chan os.Signal, 8), quit: make(chan struct{})}
	wanted := []os.Signal{syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2}
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if !signal.Ignored(sig) { // nohup, or a shell's background job
			wanted = append(wanted, sig)
		}
	}
	signal.Notify(s.heard, wanted...)
	return s
}

// watch calls end at the first signal that ends a job.
func (s *signals) watch(end func(os.Signal)) {
	for {
		select {
		case sig := <-s.heard:
			if sig != syscall.SIGUSR1 && sig != syscall.SIGUSR2 {
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
