package view

import (
	"io"
	"strings"

	"github.com/schollz/progressbar/v3"
)

// theme is how bars look on the screen.
func (s *Screen) theme() progressbar.Theme {
	if s.Unicode {
		return progressbar.Theme{Saucer: "━", SaucerHead: "━", SaucerPadding: "╌", BarStart: "", BarEnd: ""}
	}
	return progressbar.Theme{Saucer: "=", SaucerHead: ">", SaucerPadding: "-", BarStart: "[", BarEnd: "]"}
}

// bar draws a bar of so many columns, done of total full, as in
// "stages  50% ━━━━╌╌╌╌ (2/4)".
func (s *Screen) bar(label string, done, total, width int) string {
	if total == 0 {
		return label
	}
	b := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(io.Discard), // it is drawn here, as a part of a frame
		progressbar.OptionSetDescription(label),
		progressbar.OptionSetWidth(max(width, 1)),
		progressbar.OptionSetTheme(s.theme()),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionShowCount(),
		progressbar.OptionSetRenderBlankState(true),
	)
	if done > 0 {
		b.Set(done)
	}
	return strings.TrimSpace(b.String())
}

// limitBar is the part of a time limit that is used up, without numbers.
func (s *Screen) limitBar(used float64, width int) string {
	theme := s.theme()
	full := min(max(int(used*float64(width)+0.5), 0), width)
	return strings.Repeat(theme.Saucer, full) + strings.Repeat(theme.SaucerPadding, width-full)
}
