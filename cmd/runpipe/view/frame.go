package view

import (
	"fmt"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
)

// Narrower than this, a frame leaves out the bars towards time limits, and
// below half of it everything but a stage's address and state.
const fullWidth = 72

// limitWidth is the width of a bar towards a time limit.
const limitWidth = 10

// frame is one painting of a run: the lines that stand on the screen until the
// next. It is made for a terminal of cols by rows, and never fills it.
type frame struct {
	screen     *Screen
	status     run.Status
	now        time.Time
	tick       int                 // counts frames, for the spinner
	tails      map[string][]string // address → last line of its log
	cols, rows int
}

var spinner = []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

// lines draws the frame. Where the terminal is too low the logs go first, and
// then the stages in which nothing happens.
func (f frame) lines() []string {
	room := max(f.rows-2, 1) // the bar's line, and one for the cursor
	shown := f.status.Stages
	tails := 0
	for _, stage := range shown {
		tails += len(f.tail(stage))
	}
	withTails := len(shown)+tails <= room
	var note string
	if len(shown) > room {
		shown, note = f.busiest(room - 1)
	}
	lines := f.table(shown, withTails)
	if note != "" {
		lines = append(lines, f.screen.paint(dim, cut(note, f.cols-1, f.screen.Unicode)))
	}
	return append(lines, f.overall())
}

// table draws a line a stage and under it, if wanted, the last line of its log.
func (f frame) table(stages []run.StageStatus, withTails bool) []string {
	t := make(table, len(stages))
	for i, stage := range stages {
		t[i] = f.row(stage)
	}
	widths := t.widths()
	s := *f.screen
	s.Size = func() (int, int) { return f.cols, f.rows }
	var lines []string
	for i, stage := range stages {
		lines = append(lines, s.row(t[i], widths, "", cutting)...)
		if withTails {
			lines = append(lines, f.tail(stage)...)
		}
	}
	return lines
}

func (f frame) row(stage run.StageStatus) []cell {
	s := f.screen
	glyph, colour := s.mark(stage)
	if stage.State == run.Running {
		glyph = s.symbol(string(spinner[f.tick%len(spinner)]), string(`|/-\`[f.tick%4]))
	}
	address := cut(stage.Address, max(f.cols/2, 8), s.Unicode)
	row := []cell{{text: glyph, style: colour, tight: true}, {text: address}, {text: word(stage), style: colour}}
	if f.cols < fullWidth/2 {
		return row
	}
	h := Human{Screen: s, Now: func() time.Time { return f.now }}
	row = append(row, cell{text: h.took(stage), right: true})
	more := h.detail(f.status, stage)
	if bar := f.limit(stage); f.cols >= fullWidth && bar != "" {
		more = bar + "  " + more
	}
	if stage.State == run.Failed {
		more += "  " + remark(stage)
	}
	return append(row, cell{text: more, style: dim})
}

// limit is the bar of a running stage towards its time limit.
func (f frame) limit(stage run.StageStatus) string {
	if stage.State != run.Running || stage.Limit <= 0 || stage.Started == nil {
		return ""
	}
	used := f.now.Sub(*stage.Started)
	return f.screen.limitBar(float64(used)/float64(stage.Limit), limitWidth) + " of " + elapsed(stage.Limit)
}

func (f frame) tail(stage run.StageStatus) []string {
	if stage.State != run.Running {
		return nil
	}
	var lines []string
	for _, line := range f.tails[stage.Address] {
		lines = append(lines, f.screen.paint(dim, cut("  "+f.screen.symbol("│", "|")+" "+line, f.cols-1, f.screen.Unicode)))
	}
	return lines
}

// busiest chooses n stages to show, in their order: those that run, then those
// that are queued, failed ones, waiting ones; and says how many are left out.
func (f frame) busiest(n int) ([]run.StageStatus, string) {
	rank := []run.State{run.Running, run.Failed, run.Lost, run.Queued, run.Cancelled, run.Waiting, run.Skipped, run.Succeeded}
	chosen := map[int]bool{}
	for _, state := range rank {
		for i, stage := range f.status.Stages {
			if stage.State == state && len(chosen) < n {
				chosen[i] = true
			}
		}
	}
	var shown []run.StageStatus
	left := map[run.State]int{}
	for i, stage := range f.status.Stages {
		if chosen[i] {
			shown = append(shown, stage)
		} else {
			left[stage.State]++
		}
	}
	note := f.screen.symbol("…", "...") + " and " + count(len(f.status.Stages)-len(shown), "more stage")
	for i, sep := 0, ": "; i < len(rank); i++ {
		if left[rank[i]] > 0 {
			note += fmt.Sprintf("%s%d %s", sep, left[rank[i]], rank[i])
			sep = ", "
		}
	}
	return shown, note
}

// overall is the bar of stages done, with the time since the run began.
func (f frame) overall() string {
	ended := 0
	for _, stage := range f.status.Stages {
		if stage.State.Ended() {
			ended++
		}
	}
	clock := elapsed(f.now.Sub(f.status.Created))
	text := fmt.Sprintf("%d/%d %s", ended, len(f.status.Stages), clock)
	if room := f.cols - len("stages 100%  (999/999) ") - len(clock) - 2; room >= 8 {
		text = f.screen.bar("stages", ended, len(f.status.Stages), min(room, 30)) + " " + clock
	}
	if f.status.Stale != "" {
		text += "  the scheduler does not answer"
	}
	return cut(text, max(f.cols-1, 1), f.screen.Unicode)
}
