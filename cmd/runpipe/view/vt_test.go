package view

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/runpipe/runpipe/pipeline/run"
)

// vt is a terminal as far as Live needs one: it understands CR, LF, CUU, EL, ED
// and the cursor's visibility, and fails at anything else.
type vt struct {
	mu     sync.Mutex
	t      *testing.T
	rows   [][]rune
	row    int
	col    int
	cols   int
	hidden bool
	shown  chan struct{} // gets something whenever a write has been shown
}

func newVT(t *testing.T, cols int) *vt {
	return &vt{t: t, cols: cols, rows: [][]rune{nil}, shown: make(chan struct{}, 1000)}
}

func (v *vt) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for text := string(p); text != ""; {
		if strings.HasPrefix(text, "\x1b[") {
			n := escapeLength(text)
			v.escape(text[2:n])
			text = text[n:]
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		v.char(r)
		text = text[n:]
	}
	select {
	case v.shown <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (v *vt) char(r rune) {
	switch r {
	case '\r':
		v.col = 0
	case '\n':
		if v.row++; v.row == len(v.rows) {
			v.rows = append(v.rows, nil)
		}
	default:
		if v.col >= v.cols {
			v.t.Errorf("a line is wider than %d columns: %q", v.cols, string(v.rows[v.row]))
			v.char('\r')
			v.char('\n')
		}
		for len(v.rows[v.row]) <= v.col {
			v.rows[v.row] = append(v.rows[v.row], ' ')
		}
		v.rows[v.row][v.col] = r
		v.col++
	}
}

func (v *vt) escape(sequence string) {
	body, final := sequence[:len(sequence)-1], sequence[len(sequence)-1]
	switch {
	case final == 'm':
	case sequence == "K":
		v.rows[v.row] = v.rows[v.row][:min(v.col, len(v.rows[v.row]))]
	case sequence == "J":
		v.rows[v.row] = v.rows[v.row][:min(v.col, len(v.rows[v.row]))]
		v.rows = v.rows[:v.row+1]
	case final == 'A':
		n, err := strconv.Atoi(body)
		if err != nil || n > v.row {
			v.t.Errorf("the cursor is moved up %q rows from row %d", body, v.row)
			n = v.row
		}
		v.row -= n
	case sequence == "?25l":
		v.hidden = true
	case sequence == "?25h":
		v.hidden = false
	default:
		v.t.Errorf("unknown escape sequence %q", sequence)
	}
}

// reflow makes the terminal narrower, as most terminals do it: lines that do
// not fit any more go on in the next row.
func (v *vt) reflow(cols int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var rows [][]rune
	at := 0
	for i, row := range v.rows {
		if i == v.row {
			at = len(rows)
		}
		for len(row) > cols {
			rows, row = append(rows, row[:cols:cols]), row[cols:]
		}
		rows = append(rows, row)
	}
	v.rows, v.row, v.cols, v.col = rows, at, cols, min(v.col, cols-1)
}

func (v *vt) text() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var lines []string
	for _, row := range v.rows {
		lines = append(lines, strings.TrimRight(string(row), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

func (v *vt) size() (int, int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.cols, 24
}

// frames waits until the view has been painted n more times.
func (v *vt) frames(n int) {
	for range n {
		<-v.shown
	}
}

func (v *vt) screen() *Screen {
	return &Screen{Writer: v, Unicode: true, Color: true, Live: true, Size: v.size}
}

func TestLive(t *testing.T) {
	v := newVT(t, 80)
	fmt.Fprint(v, "before\r\n")
	st := running()
	st.Stages[2].Log = writeLog(t, "Epoch 1/5\n 1/10\r 9/10 loss 0.2")
	l := NewLive(v.screen(), func() time.Time { return now })
	l.Update(st)
	v.frames(3)
	text := v.text()
	for _, want := range []string{"before\n", "train.cnn           running", "  │  9/10 loss 0.2\n", "(2/5) 1m27s\n"} {
		if strings.Count(text, want) != 1 {
			t.Errorf("the screen shows %q not once:\n%s", want, text)
		}
	}
	if !v.hidden {
		t.Error("the cursor is not hidden")
	}
	l.Update(failedRun("/log").Status)
	l.Close()
	l.Close()
	golden(t, "live-closed", v.text())
	if v.hidden {
		t.Error("the cursor is still hidden")
	}
	closed := v.text()
	l.Update(st)
	if v.text() != closed {
		t.Error("a closed view paints")
	}
}

func TestLiveClear(t *testing.T) {
	v := newVT(t, 80)
	fmt.Fprint(v, "before\r\n")
	l := NewLive(v.screen(), func() time.Time { return now })
	l.Update(running())
	l.Clear()
	if got := v.text(); got != "before\n" || v.hidden {
		t.Errorf("the screen shows %q, cursor hidden: %v", got, v.hidden)
	}
}

// Whatever happens to the terminal's width, one frame stands on the screen.
func TestLiveResize(t *testing.T) {
	v := newVT(t, 120)
	fmt.Fprint(v, "before\r\n")
	l := NewLive(v.screen(), func() time.Time { return now })
	l.Update(running())
	for _, cols := range []int{70, 41, 20, 90} {
		l.mu.Lock() // between two frames
		v.reflow(cols)
		for len(v.shown) > 0 {
			<-v.shown
		}
		l.mu.Unlock()
		v.frames(2)
		text := v.text()
		for _, once := range []string{"before\n✓ clone", "\n= environ", "2/5"} {
			if strings.Count(text, once) != 1 {
				t.Errorf("at %d columns the screen shows %q not once:\n%s", cols, once, text)
			}
		}
	}
	l.Close()
}

// A screen that cannot be painted, or has no width, gets lines.
func TestNewProgress(t *testing.T) {
	for _, s := range []*Screen{
		{Writer: &bytes.Buffer{}},
		{Writer: &bytes.Buffer{}, Live: true},
		{Writer: &bytes.Buffer{}, Live: true, Size: func() (int, int) { return 0, 0 }},
	} {
		p := NewProgress(s, time.Now)
		if _, ok := p.(*Events); !ok {
			t.Errorf("%+v gets a %T", s, p)
		}
		p.Close()
	}
	v := newVT(t, 80)
	p := NewProgress(v.screen(), time.Now)
	defer p.Close()
	if _, ok := p.(*Live); !ok {
		t.Errorf("a terminal gets a %T", p)
	}
	p.Update(run.Status{})
}
