package download

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var content = bytes.Repeat([]byte("a data set, line after line\n"), 40_000)

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// source is a real server of one file. It may cut a response, or lack abilities.
type source struct {
	*httptest.Server
	data     atomic.Pointer[[]byte]
	tag      string
	cut      atomic.Int64 // bytes after which the next response is cut off; 0: never
	asked    atomic.Int64
	ranges   atomic.Int64 // requests for a part
	noRanges bool
}

func serve(t *testing.T) *source {
	s := &source{tag: `"v1"`}
	s.data.Store(&content)
	s.Server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.Close)
	return s
}

func (s *source) answer(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	if r.Header.Get("Range") != "" {
		s.ranges.Add(1)
	}
	if s.noRanges {
		r.Header.Del("Range")
	} else {
		w.Header().Set("ETag", s.tag)
	}
	if cut := s.cut.Swap(0); cut > 0 {
		w = &scissors{w, cut}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(*s.data.Load()))
}

// scissors breaks the connection in the middle of a body.
type scissors struct {
	http.ResponseWriter
	left int64
}

func (s *scissors) Write(p []byte) (int, error) {
	if int64(len(p)) > s.left {
		_, _ = s.ResponseWriter.Write(p[:s.left])
		s.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	s.left -= int64(len(p))
	return s.ResponseWriter.Write(p)
}

func noPause(context.Context, time.Duration) error { return nil }

func get(t *testing.T, address, dir string, o Options) (Result, error) {
	t.Helper()
	o.Pause = noPause
	return Get(t.Context(), address, dir, o)
}

func wantFile(t *testing.T, dir string, r Result, err error, data []byte) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if r.SHA256 != sumOf(data) || r.Size != int64(len(data)) {
		t.Fatalf("got %+v", r)
	}
	got, err := os.ReadFile(Path(dir, r.SHA256))
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("the file holds other bytes (%d, %v)", len(got), err)
	}
	if info, _ := os.Stat(Path(dir, r.SHA256)); info.Mode().Perm() != 0o444 {
		t.Errorf("the file has mode %v", info.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "part-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func wantFault(t *testing.T, err error, summary string, words ...string) {
	t.Helper()
	var f *Fault
	if !errors.As(err, &f) || f.Summary != summary {
		t.Fatalf("the error is %v, want %s", err, summary)
	}
	for _, word := range words {
		if !strings.Contains(f.Detail, word) {
			t.Errorf("%q does not say %q", f.Detail, word)
		}
	}
}

func TestGet(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	var done, total int64
	r, err := get(t, s.URL+"/f", dir, Options{Progress: func(d, all int64) { done, total = d, all }})
	wantFile(t, dir, r, err, content)
	if done != total || total != int64(len(content)) {
		t.Errorf("told of %d of %d bytes", done, total)
	}
	s.Close()
	r, err = get(t, s.URL+"/f", dir, Options{SHA256: sumOf(content)})
	wantFile(t, dir, r, err, content)
}

// A connection that breaks is taken up where it was; what a server cannot resume
// is begun again.
func TestACutConnection(t *testing.T) {
	for _, noRanges := range []bool{false, true} {
		s, dir := serve(t), t.TempDir()
		s.noRanges = noRanges
		s.cut.Store(300_000)
		r, err := get(t, s.URL, dir, Options{SHA256: sumOf(content)})
		wantFile(t, dir, r, err, content)
		if s.asked.Load() != 2 || (s.ranges.Load() == 1) == noRanges {
			t.Errorf("without ranges %v: asked %d times, %d of them for a part", noRanges, s.asked.Load(), s.ranges.Load())
		}
	}
}

// cutOff leaves a partial file of another process behind.
func cutOff(t *testing.T, s *source, dir string) {
	t.Helper()
	s.cut.Store(300_000)
	gone := errors.New("killed")
	if _, err := Get(t.Context(), s.URL, dir, Options{Pause: func(context.Context, time.Duration) error { return gone }}); !errors.Is(err, gone) {
		t.Fatalf("the download ended with %v", err)
	}
}

func TestAnotherProcessGoesOn(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	cutOff(t, s, dir)
	var first int64
	r, err := get(t, s.URL, dir, Options{SHA256: sumOf(content), Progress: func(done, _ int64) {
		if first == 0 {
			first = done
		}
	}})
	wantFile(t, dir, r, err, content)
	if s.ranges.Load() != 1 || first <= 300_000 {
		t.Errorf("it began again, at %d bytes", first)
	}
}

// The rest of another file must not be put behind the beginning of this one.
func TestAFileThatChangesMeanwhile(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	cutOff(t, s, dir)
	other := bytes.ToUpper(content)
	s.data.Store(&other)
	s.tag = `"v2"`
	r, err := get(t, s.URL, dir, Options{})
	wantFile(t, dir, r, err, other)

	cutOff(t, s, dir)
	shorter := content[:1000]
	s.data.Store(&shorter) // a server that forgets to change the tag
	r, err = get(t, s.URL, dir, Options{})
	wantFile(t, dir, r, err, shorter)
}

// What an earlier process left is not believed against the digest.
func TestADamagedPartialFile(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	cutOff(t, s, dir)
	parts, _ := filepath.Glob(filepath.Join(dir, "part-*[0-9a-f]"))
	if len(parts) != 1 {
		t.Fatalf("partial files: %v", parts)
	}
	if err := os.WriteFile(parts[0], make([]byte, 300_000), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := get(t, s.URL, dir, Options{SHA256: sumOf(content)})
	wantFile(t, dir, r, err, content)
}

func TestAnotherContent(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	page := []byte("<!DOCTYPE html><html>Log in</html>")
	s.data.Store(&page)
	_, err := get(t, strings.Replace(s.URL, "http://", "http://ada:secret@", 1), dir, Options{SHA256: sumOf(content)})
	wantFault(t, err, "Another file", sumOf(page), sumOf(content), "web page")
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error shows a password: %v", err)
	}
	if _, err := os.Stat(Path(dir, sumOf(page))); err == nil {
		t.Error("another file is in the cache")
	}
}

func TestAnswers(t *testing.T) {
	var busy atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/file":
			_, _ = w.Write([]byte("x"))
		case "/busy":
			if busy.Add(1) < 3 {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			http.Redirect(w, r, "/hop", http.StatusFound)
		case "/hop":
			http.Redirect(w, r, "/file", http.StatusTemporaryRedirect)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/down":
			w.WriteHeader(http.StatusBadGateway)
		case "/private":
			w.WriteHeader(http.StatusForbidden)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	var waits []time.Duration
	r, err := Get(t.Context(), server.URL+"/busy", dir, Options{Pause: func(_ context.Context, d time.Duration) error {
		waits = append(waits, d)
		return nil
	}})
	wantFile(t, dir, r, err, []byte("x"))
	if fmt.Sprint(waits) != "[7s 7s]" {
		t.Errorf("it waited %v", waits)
	}
	for path, summary := range map[string]string{
		"/loop": "Too many redirects", "/private": "Login wanted", "/missing": "No such file", "/down": "Download failed",
	} {
		_, err := get(t, server.URL+path, dir, Options{})
		wantFault(t, err, summary)
	}
	address := server.URL
	server.Close()
	_, err = get(t, address+"/file", dir, Options{})
	wantFault(t, err, "Download failed", "5 times")
}

func TestARedirectAwayFromEncryption(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer secure.Close()
	defer func(was http.RoundTripper) { client.Transport = was }(client.Transport)
	client.Transport = secure.Client().Transport
	_, err := get(t, secure.URL, t.TempDir(), Options{})
	wantFault(t, err, "Redirect without encryption", "https")
}

// Nobody waits for another's download, and nobody breaks it.
func TestTwoAtOnce(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	started := false
	r, err := get(t, s.URL, dir, Options{Progress: func(int64, int64) {
		if started {
			return
		}
		started = true
		r, err := get(t, s.URL, dir, Options{})
		if err != nil || r.SHA256 != sumOf(content) {
			t.Errorf("the second: %+v, %v", r, err)
		}
	}})
	wantFile(t, dir, r, err, content)
}

func TestAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0) // write(2) on it fails with ENOSPC
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	d := &transfer{ctx: t.Context(), shown: "https://host/f", part: &part{file: full, state: state{Size: -1}}}
	if err := d.receive(bytes.NewReader(content)); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("writing to a full disk gives %v", err)
	}
	wantFault(t, d.full(), "Disk full", "--workspace")
}

func TestAnEndedDownload(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	_, err := Get(ctx, s.URL, dir, Options{Progress: func(int64, int64) { stop() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

func TestContentRange(t *testing.T) {
	for text, want := range map[string]string{
		"bytes 100-199/200": "100 200 true", "bytes 0-0/*": "0 -1 true", "bytes */200": "0 0 false", "": "0 0 false", "bytes 1-2": "0 0 false",
	} {
		from, total, ok := contentRange(text)
		if got := fmt.Sprint(from, total, ok); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
