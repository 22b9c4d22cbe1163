package view

import "github.com/runpipe/runpipe/pipeline/run"

// style is a set of SGR parameters, as in ECMA-48; "" is the terminal's own.
type style string

// The styles in use: the terminal's own palette, so that they suit any theme.
const (
	normal style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

func (s *Screen) paint(st style, text string) string {
	if !s.Color || st == normal || text == "" {
		return text
	}
	return "\x1b[" + string(st) + "m" + text + "\x1b[0m"
}

// marks are the glyphs before a stage, for a screen that has them and for one
// that has only ASCII.
var marks = map[run.State]struct {
	unicode, ascii string
	style          style
}{
	run.Waiting:   {"·", ".", dim},
	run.Queued:    {"◌", "o", yellow},
	run.Running:   {"▸", ">", cyan},
	run.Succeeded: {"✓", "+", green},
	run.Failed:    {"✗", "x", red},
	run.Cancelled: {"⊘", "x", yellow},
	run.Skipped:   {"–", "-", dim},
	run.Lost:      {"?", "?", red},
}

// mark is a stage's glyph and the style of its state.
func (s *Screen) mark(stage run.StageStatus) (string, style) {
	if stage.Reused && stage.State == run.Succeeded {
		return "=", dim
	}
	m, ok := marks[stage.State]
	if !ok {
		return "?", normal
	}
	if s.Unicode {
		return m.unicode, m.style
	}
	return m.ascii, m.style
}

// word is a stage's state in a word.
func word(stage run.StageStatus) string {
	if stage.Reused && stage.State == run.Succeeded {
		return "reused"
	}
	return string(stage.State)
}

// symbol chooses between a character and its stand-in.
func (s *Screen) symbol(unicode, ascii string) string {
	if s.Unicode {
		return unicode
	}
	return ascii
}
