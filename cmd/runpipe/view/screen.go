package view

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Screen is one output stream and what can be shown on it.
type Screen struct {
	io.Writer
	Color   bool                    // SGR escape sequences are understood
	Unicode bool                    // the locale's characters are UTF-8
	Live    bool                    // a terminal whose lines can be painted again
	Size    func() (cols, rows int) // of the terminal; nil or 0 columns: no width to keep to
}

// NewScreen finds out what the stream f can show. Colours keep to
// https://no-color.org; a terminal of type "dumb" is treated as a file.
func NewScreen(f *os.File, getenv func(string) string) *Screen {
	s := &Screen{Writer: f, Unicode: utf8Locale(getenv)}
	if !term.IsTerminal(int(f.Fd())) {
		return s
	}
	s.Size = func() (int, int) {
		cols, rows, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0, 0
		}
		return cols, rows
	}
	s.Live = getenv("TERM") != "dumb" && getenv("TERM") != ""
	s.Color = s.Live && getenv("NO_COLOR") == ""
	return s
}

// utf8Locale reads the character set as setlocale(3) does: the first of the
// three variables that is set.
func utf8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := getenv(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}

// Width is the number of columns that a line may fill, or 0 for any number.
// The last column stays free: a terminal that has filled it is in a state
// between two lines, and each kind of terminal leaves it differently.
func (s *Screen) Width() int {
	if s.Size == nil {
		return 0
	}
	cols, _ := s.Size()
	return max(cols-1, 0)
}

// print writes lines, each with a newline.
func (s *Screen) print(lines ...string) error {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(strings.TrimRight(line, " "))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(s, b.String())
	return err
}

// Say writes one line of prose, wrapped to the screen.
func (s *Screen) Say(text string) {
	s.print(wrap(text, s.Width(), "")...)
}

// Problem writes an error in a few words.
func (s *Screen) Problem(text string) {
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if i == 0 {
			line = s.paint(red, "Error:") + " " + line
		}
		s.print(wrap(line, s.Width(), "")...)
	}
}

// Blank writes an empty line.
func (s *Screen) Blank() error { return s.print("") }

// Over empties the line that the cursor is in, on a terminal.
func (s *Screen) Over() {
	if s.Live {
		_, _ = io.WriteString(s, "\r\x1b[K") // what does not get through leaves the line as it was
	}
}
