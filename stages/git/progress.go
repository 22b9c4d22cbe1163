package git

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/storage/filesystem"
)

// Progress is told how far a fetch is: the stage ("Receiving objects", say), how
// much of it is done, and of how much, or -1 where that is not known. Under the
// stage Receiving, done is in bytes; otherwise it counts objects or files. It is
// called from one goroutine at a time, and once with stage "" at the end. It may
// be nil.
type Progress func(stage string, done, total int64)

// Receiving is the stage in which done counts bytes.
const Receiving = "Receiving"

func (p Progress) report(stage string, done, total int64) {
	if p != nil {
		p(stage, done, total)
	}
}

// sideband reads what a server, or git itself, tells people of its progress:
// "Counting objects:  45% (450/1000)\r". What is not of that form is ignored.
type sideband struct {
	tell Progress
	rest []byte // of an unfinished line
}

func (s *sideband) Write(p []byte) (int, error) {
	s.rest = append(s.rest, p...)
	for {
		end := bytes.IndexAny(s.rest, "\r\n")
		if end < 0 {
			if len(s.rest) > 4096 { // not progress
				s.rest = nil
			}
			return len(p), nil
		}
		if stage, done, total, ok := parseProgress(string(s.rest[:end])); ok {
			s.tell.report(stage, done, total)
		}
		s.rest = s.rest[end+1:]
	}
}

// parseProgress reads one line: "remote: Receiving objects:  45% (450/1000), 1.2 MiB".
func parseProgress(line string) (stage string, done, total int64, ok bool) {
	line = strings.TrimPrefix(line, "remote: ")
	stage, counts, ok := strings.Cut(line, ":")
	if !ok || stage == "" {
		return "", 0, 0, false
	}
	_, counts, ok = strings.Cut(counts, "% (")
	if !ok {
		return "", 0, 0, false
	}
	counts, _, _ = strings.Cut(counts, ")")
	first, second, ok := strings.Cut(counts, "/")
	if !ok {
		return "", 0, 0, false
	}
	done, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return "", 0, 0, false
	}
	total, err = strconv.ParseInt(second, 10, 64)
	return strings.TrimSpace(stage), done, total, err == nil
}

// counted is a storage that tells how many bytes of a pack have come in. A server
// does not say how long its pack will be.
type counted struct {
	*filesystem.Storage
	tell Progress
}

// PackfileWriter is what go-git writes a fetched pack to.
func (c counted) PackfileWriter() (io.WriteCloser, error) {
	w, err := c.Storage.PackfileWriter()
	if err != nil {
		return nil, err
	}
	return &countedWriter{WriteCloser: w, tell: c.tell}, nil
}

type countedWriter struct {
	io.WriteCloser
	tell Progress
	done int64
}

func (w *countedWriter) Write(p []byte) (int, error) {
	n, err := w.WriteCloser.Write(p)
	w.done += int64(n)
	w.tell.report(Receiving, w.done, -1)
	return n, err
}
