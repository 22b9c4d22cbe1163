package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
)

// The escape sequences in use: DEC private modes, and ECMA-48's CUU, EL and ED.
const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	clearLine  = "\x1b[K"
	clearBelow = "\x1b[J"
)

// framesEach is the time between two frames; slow enough for a thin SSH line.
const framesEach = 125 * time.Millisecond

// Live paints a run in place, again and again, until it is closed. It owns the
// terminal for so long: nothing else may write to it.
type Live struct {
	screen *Screen
	now    func() time.Time
	stop   chan struct{}
	done   chan struct{}

	mu      sync.Mutex
	status  *run.Status
	tick    int
	tails   map[string][]string
	painted []int // width of each line that stands on the screen
	cols    int   // of the screen, when it was painted
	closed  bool
	resume  func() // stops watching for a suspension
}

var _ Progress = (*Live)(nil)

// NewLive starts a live view. It paints nothing before the first Update.
func NewLive(s *Screen, now func() time.Time) *Live {
	l := &Live{screen: s, now: now, stop: make(chan struct{}), done: make(chan struct{})}
	io.WriteString(s, hideCursor)
	l.resume = l.onSuspend()
	go l.loop()
	return l
}

// Update paints st.
func (l *Live) Update(st run.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.status = &st
	l.readTails()
	l.paint()
}

// Close leaves the last frame on the screen, the cursor under it.
func (l *Live) Close() { l.end(false) }

// Clear takes the view off the screen: what it showed is said better elsewhere.
func (l *Live) Clear() { l.end(true) }

func (l *Live) end(clear bool) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.closed = true
	l.mu.Unlock()
	close(l.stop)
	<-l.done
	l.resume()
	l.mu.Lock()
	defer l.mu.Unlock()
	if clear {
		io.WriteString(l.screen, l.back()+clearBelow+showCursor)
		return
	}
	l.tails = nil // what the jobs said last is in their logs
	l.paint()
	io.WriteString(l.screen, showCursor)
}

// loop moves the spinner and the clocks, and looks into the logs now and then.
func (l *Live) loop() {
	defer close(l.done)
	ticker := time.NewTicker(framesEach)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
		}
		l.mu.Lock()
		if l.tick++; l.tick%4 == 0 {
			l.readTails()
		}
		l.paint()
		l.mu.Unlock()
	}
}

func (l *Live) readTails() {
	if l.status == nil {
		return
	}
	l.tails = map[string][]string{}
	for _, stage := range l.status.Stages {
		if stage.State == run.Running && stage.Log != "" {
			l.tails[stage.Address] = Tail(stage.Log, 1)
		}
	}
}

// paint writes a frame over the last one, in one write so that it does not flicker.
func (l *Live) paint() {
	if l.status == nil {
		return
	}
	cols, rows := l.screen.Size()
	if cols < 2 || rows < 2 {
		return
	}
	f := frame{l.screen, *l.status, l.now(), l.tick, l.tails, cols, rows}
	var b strings.Builder
	b.WriteString(l.back())
	if cols != l.cols {
		// Rows that a narrower screen has made of one line are one again when
		// it becomes wider, whatever was painted over them; unless they were cleared.
		b.WriteString(clearBelow)
		l.cols = cols
	}
	l.painted = l.painted[:0]
	for _, line := range f.lines() {
		line = strings.TrimRight(line, " ")
		b.WriteString(line + clearLine + "\r\n")
		l.painted = append(l.painted, columns(line))
	}
	b.WriteString(clearBelow)
	io.WriteString(l.screen, b.String())
}

// back moves the cursor to where the last frame begins. Terminals that have
// become narrower since have broken its lines into several rows.
func (l *Live) back() string {
	up := 0
	cols, rows := l.screen.Size()
	for _, width := range l.painted {
		up += max((width+cols-1)/max(cols, 1), 1)
	}
	if up = min(up, max(rows-1, 0)); up == 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA", up)
}
