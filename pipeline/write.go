package pipeline

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/rivo/uniseg"

	"github.com/runpipe/runpipe/stages/git"
)

// WriteOptions is how diagnostics are shown.
type WriteOptions struct {
	Color bool // with ANSI escapes; nothing is said by colour alone
	Width int  // in columns, for wrapping; 0 wraps nothing
}

// WriteDiagnostics shows diagnostics, each at its place:
//
//	error: Unsuitable value
//	 --> mnist.hcl:12:14
//	   |
//	12 |     memory = "16GB"
//	   |              ^~~~~~
//	   memory = "16GB": a size is a whole number with M, G or T. Did you mean "16G"?
//
// Sensitive values and the credentials in URLs are not shown.
func WriteDiagnostics(w io.Writer, diags hcl.Diagnostics, files map[string]*hcl.File, o WriteOptions) error {
	out := bufio.NewWriter(w)
	for i, d := range diags {
		if i > 0 {
			fmt.Fprintln(out)
		}
		(&writer{out: out, WriteOptions: o}).write(d, files)
	}
	return out.Flush()
}

type writer struct {
	out *bufio.Writer
	WriteOptions
}

const (
	red    = "1;31"
	yellow = "1;33"
	blue   = "34"
	bold   = "1"
)

func (w *writer) paint(code, text string) string {
	if !w.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (w *writer) write(d *hcl.Diagnostic, files map[string]*hcl.File) {
	severity, colour := "error", red
	if d.Severity == hcl.DiagWarning {
		severity, colour = "warning", yellow
	}
	fmt.Fprintf(w.out, "%s %s\n", w.paint(colour, severity+":"), w.paint(bold, printable(d.Summary)))
	margin := "  "
	if d.Subject != nil {
		margin = strings.Repeat(" ", len(strconv.Itoa(d.Subject.Start.Line))+1)
		w.place(d.Subject, margin)
		if file := files[d.Subject.Filename]; file != nil {
			w.snippet(d.Subject, file.Bytes, margin, colour)
		}
	}
	for _, v := range scopeValues(d) {
		w.wrap(margin+w.paint(blue, "=")+" ", margin+"  ", v.Name+" is "+v.Value)
	}
	for line := range strings.SplitSeq(strings.TrimRight(git.Redact(d.Detail), "\n"), "\n") {
		w.wrap(margin, margin, printable(line))
	}
}

func (w *writer) place(r *hcl.Range, margin string) {
	arrow := margin[1:] + "-->"
	fmt.Fprintf(w.out, "%s %s:%d:%d\n", w.paint(blue, arrow), printable(r.Filename), r.Start.Line, r.Start.Column)
}

// snippet shows the first line of the span, and a mark under what of the span is
// in it.
func (w *writer) snippet(r *hcl.Range, src []byte, margin, colour string) {
	line, from, to := lineOf(src, r)
	s := layOut(line, from, to)
	if w.Width > 0 {
		s.cut(max(w.Width-len(margin)-3, 20))
	}
	bar := w.paint(blue, "|")
	fmt.Fprintf(w.out, "%s%s\n", margin, bar)
	fmt.Fprintf(w.out, "%s %s %s\n", w.paint(blue, strconv.Itoa(r.Start.Line)), bar, s.text)
	mark := "^" + strings.Repeat("~", max(s.width-1, 0))
	fmt.Fprintf(w.out, "%s%s %s%s\n", margin, bar, strings.Repeat(" ", s.start), w.paint(colour, mark))
}

// lineOf is the line that a span starts in, and the bytes of the span in it.
func lineOf(src []byte, r *hcl.Range) (line []byte, from, to int) {
	at := min(max(r.Start.Byte, 0), len(src))
	begin := bytes.LastIndexByte(src[:at], '\n') + 1
	end := len(src)
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		end = at + i
	}
	line = bytes.TrimSuffix(src[begin:end], []byte("\r"))
	from = min(at-begin, len(line))
	to = min(max(r.End.Byte-begin, from), len(line))
	return line, from, to
}

// layout is a line as a terminal shows it; start and width are in columns.
type layout struct {
	text         string
	start, width int
}

// layOut expands tabs, counts wide characters as two columns, and leaves out
// the credentials of URLs.
func layOut(line []byte, from, to int) layout {
	start := uniseg.StringWidth(shownLine(line[:from]))
	end := uniseg.StringWidth(shownLine(line[:to]))
	text := shownLine(line)
	full := uniseg.StringWidth(text)
	start = min(start, full)
	return layout{text: text, start: start, width: max(min(end, full)-start, 1)}
}

func shownLine(part []byte) string {
	return printable(strings.ReplaceAll(git.Redact(string(part)), "\t", "    "))
}

// cut shortens a line that does not fit, keeping the start of the span in sight.
func (s *layout) cut(width int) {
	if uniseg.StringWidth(s.text) <= width {
		return
	}
	skip := 0
	if s.start+min(s.width, width/2) > width-1 {
		skip = s.start - width/4
	}
	text, skipped := dropColumns(s.text, skip)
	s.start -= skipped
	if skipped > 0 {
		text = "…" + text
		s.start++
	}
	if uniseg.StringWidth(text) > width {
		text = takeColumns(text, width-1) + "…"
	}
	s.text = text
	s.width = max(1, min(s.width, uniseg.StringWidth(text)-s.start))
}

func dropColumns(text string, columns int) (rest string, dropped int) {
	state := -1
	for dropped < columns && text != "" {
		var width int
		_, text, width, state = uniseg.FirstGraphemeClusterInString(text, state)
		dropped += width
	}
	return text, dropped
}

func takeColumns(text string, columns int) string {
	rest, state, taken, length := text, -1, 0, 0
	for rest != "" {
		var cluster string
		var width int
		cluster, rest, width, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if taken+width > columns {
			break
		}
		taken += width
		length += len(cluster)
	}
	return text[:length]
}

// wrap writes words on lines of the width, the first behind first.
func (w *writer) wrap(first, others, text string) {
	words := strings.Fields(text)
	if w.Width <= 0 || len(words) == 0 {
		fmt.Fprintf(w.out, "%s\n", strings.TrimRight(first+text, " "))
		return
	}
	room := max(w.Width-len(others), 20)
	line, used := first, 0
	for i, word := range words {
		width := uniseg.StringWidth(word)
		if i > 0 && used+1+width > room {
			fmt.Fprintln(w.out, line)
			line, used = others, 0
		} else if i > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+width
	}
	fmt.Fprintln(w.out, line)
}

// printable replaces what would move a terminal's cursor or hide text.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return '\ufffd'
		}
		return r
	}, text)
}
