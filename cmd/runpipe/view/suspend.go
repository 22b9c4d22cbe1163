package view

import (
	"io"
	"os"
	"os/signal"
	"syscall"
)

// onSuspend gives the cursor back while the program is stopped by Ctrl-Z, and
// starts a new frame when it goes on. It returns what ends this.
func (l *Live) onSuspend() (end func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTSTP)
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-signals:
				l.suspend()
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(stop)
	}
}

// suspend stops this process alone, by the signal that cannot be caught; the
// shell sees it and prompts.
func (l *Live) suspend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	io.WriteString(l.screen, showCursor)
	syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	l.painted = l.painted[:0] // the shell has written below the frame
	io.WriteString(l.screen, hideCursor)
}
