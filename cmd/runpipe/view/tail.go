package view

import (
	"bytes"
	"io"
	"os"
	"strings"
)

// tailBytes is how much of a log's end is read for its last lines.
const tailBytes = 16 << 10

// Tail is the last n lines of a log, without escape sequences and without empty
// lines at the end. Of a line that was painted over with carriage returns, as
// progress bars do, what was painted last is shown. A log that cannot be read has none.
func Tail(path string, n int) []string {
	data, err := lastBytes(path, tailBytes)
	if err != nil {
		return nil
	}
	lines := strings.Split(strings.TrimRight(string(data), "\r\n\t "), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	for i, line := range lines {
		lines[i] = strings.TrimRight(plain(painted(line)), " ")
	}
	if len(lines) == 1 && lines[0] == "" {
		return nil
	}
	return lines
}

// painted is what a terminal shows of a line with carriage returns in it, if each
// painting covers the one before.
func painted(line string) string {
	line = strings.TrimRight(line, "\r")
	return line[strings.LastIndexByte(line, '\r')+1:]
}

// lastBytes reads the end of a file, from the start of a line if there is one.
func lastBytes(path string, size int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	start := max(info.Size()-size, 0)
	data, err := io.ReadAll(io.NewSectionReader(f, start, size))
	if err != nil {
		return nil, err
	}
	if start > 0 {
		if _, rest, ok := bytes.Cut(data, []byte("\n")); ok {
			data = rest
		}
	}
	return data, nil
}
