package check

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
)

const (
	// longestLine is how much of a line is searched at once, in bytes.
	longestLine = 1 << 20
	// overlap is how much of a longer line's pieces they have in common, so
	// that a match is not cut in two.
	overlap = 4 << 10
)

// Match searches a log of any size, line by line, and returns the number that
// the pattern's one group has in its last match; false if nothing matches.
//
// A carriage return ends a line too, since progress bars redraw theirs with it,
// and terminal escapes are left out. The last match must be a finite number.
func Match(pattern string, log io.Reader) (float64, bool, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return 0, false, fmt.Errorf("the pattern is no regular expression: %w", err)
	}
	if re.NumSubexp() != 1 {
		return 0, false, fmt.Errorf("the pattern has %d groups in parentheses: exactly one is wanted, around the number; (?:…) groups without counting", re.NumSubexp())
	}
	var last []byte
	found := false
	lines := bufio.NewScanner(log)
	lines.Buffer(make([]byte, 0, 64<<10), longestLine+overlap)
	lines.Split(splitLine)
	for lines.Scan() {
		if matches := re.FindAllSubmatch(plain(lines.Bytes()), -1); len(matches) > 0 {
			last = append(last[:0], matches[len(matches)-1][1]...)
			found = true
		}
	}
	if err := lines.Err(); err != nil {
		return 0, false, fmt.Errorf("reading the log: %w", err)
	}
	if !found {
		return 0, false, nil
	}
	n, err := strconv.ParseFloat(string(last), 64)
	if errors.Is(err, strconv.ErrRange) || err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
		return 0, false, fmt.Errorf("the last match is %q, which is not a finite number", last)
	}
	if err != nil {
		return 0, false, fmt.Errorf("the last match is %q, which is not a number", last)
	}
	return n, true, nil
}

// splitLine is a bufio.SplitFunc: lines end with \n or \r, and one that is too
// long comes in pieces.
func splitLine(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if end := bytes.IndexAny(data[:min(len(data), longestLine)], "\r\n"); end >= 0 {
		return end + 1, data[:end], nil
	}
	switch {
	case len(data) >= longestLine:
		return longestLine - overlap, data[:longestLine], nil
	case atEOF && len(data) > 0:
		return len(data), data, nil
	}
	return 0, nil, nil
}

// escape is what moves a terminal's cursor or colours its text, at the start of
// a text: control sequences, titles, and other short escapes (ECMA-48).
var escape = regexp.MustCompile(`^\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])`)

// plain is the line without terminal escapes and backspaces.
func plain(line []byte) []byte {
	const controls = "\x1b\x08"
	next := bytes.IndexAny(line, controls)
	if next < 0 {
		return line
	}
	text := make([]byte, 0, len(line))
	for ; next >= 0; next = bytes.IndexAny(line, controls) {
		text = append(text, line[:next]...)
		line = line[next:]
		line = line[max(1, len(escape.Find(line))):]
	}
	return append(text, line...)
}
