package view

import "strings"

// cell is one field of a table.
type cell struct {
	text  string
	style style
	right bool // aligned to the right
	tight bool // one space follows instead of two
}

// table is rows of cells, aligned by column.
type table [][]cell

// overflow is what happens to a last column that is too wide for the screen.
type overflow int

const (
	cutting  overflow = iota // shorten it: the line will be painted again
	wrapping                 // go on in the next line, under it: prose
	keeping                  // leave it to the terminal: a path that is to be copied
)

// lines draws the table with indent in front of each row.
func (s *Screen) lines(t table, indent string, o overflow) []string {
	widths := t.widths()
	var lines []string
	for _, row := range t {
		lines = append(lines, s.row(row, widths, indent, o)...)
	}
	return lines
}

func (t table) widths() []int {
	var widths []int
	for _, row := range t {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(c.text))
		}
	}
	return widths
}

// row draws one row, in several lines if it wraps.
func (s *Screen) row(row []cell, widths []int, indent string, o overflow) []string {
	width, at := s.Width(), columns(indent)
	line, last := indent, lastFilled(row)
	for i, c := range row[:last] {
		if widths[i] == 0 {
			continue
		}
		text := pad(c.text, widths[i], c.right)
		gap := "  "
		if c.tight {
			gap = " "
		}
		if o == cutting && width > 0 {
			text = cut(text, width-at, s.Unicode)
			gap = gap[:max(min(len(gap), width-at-columns(text)), 0)]
		}
		line += s.paint(c.style, text) + gap
		at += columns(text) + len(gap)
	}
	return s.ending(line, at, row[last], widths[last], o)
}

// ending adds the last cell to a line that fills so many columns already.
func (s *Screen) ending(line string, at int, c cell, width int, o overflow) []string {
	if c.right {
		c.text = pad(c.text, width, true)
	}
	room := s.Width() - at
	switch {
	case s.Width() == 0 || columns(c.text) <= room || o == keeping:
		return []string{line + s.paint(c.style, c.text)}
	case o == cutting:
		return []string{line + s.paint(c.style, cut(c.text, room, s.Unicode))}
	}
	hang := strings.Repeat(" ", at)
	if room < 20 { // too narrow a column to read in
		hang, room = "    ", max(s.Width()-4, 1)
		return append([]string{line}, s.hanging(wrap(c.text, room, ""), hang, c.style)...)
	}
	lines := wrap(c.text, room, "")
	return append([]string{line + s.paint(c.style, lines[0])}, s.hanging(lines[1:], hang, c.style)...)
}

func (s *Screen) hanging(lines []string, hang string, st style) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = hang + s.paint(st, line)
	}
	return out
}

func lastFilled(row []cell) int {
	last := len(row) - 1
	for last > 0 && row[last].text == "" {
		last--
	}
	return last
}
