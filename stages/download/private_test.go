package download

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What one host is told stays with it: neither another port, nor another name of the
// same machine, learns a token, the address with its query, or any other header. Back
// home it is told again.
func TestPrivateHeaders(t *testing.T) {
	var mu sync.Mutex
	told := map[string][]string{}
	var home, away *httptest.Server
	note := func(name string, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		for header, values := range r.Header {
			told[name] = append(told[name], header+": "+strings.Join(values, " "))
		}
	}
	away = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note("away", r)
		http.Redirect(w, r, home.URL+"/file", http.StatusFound)
	}))
	defer away.Close()
	home = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/file" {
			note("first", r)
			http.Redirect(w, r, away.URL+"/x", http.StatusTemporaryRedirect)
			return
		}
		note("back", r)
		_, _ = w.Write([]byte(`{"a": 1}`))
	}))
	defer home.Close()
	header := http.Header{"Authorization": {"Bearer hush"}, "X-Key": {"hush"}, "Cookie": {"k=hush"}}
	if _, err := get(t, home.URL+"/?signature=hush", t.TempDir(), Options{Header: header}); err != nil {
		t.Fatal(err)
	}
	var answer struct{ A int }
	if _, err := Ask(t.Context(), Question{Address: home.URL + "/?signature=hush", Header: header, Body: "b"}, &answer); err != nil || answer.A != 1 {
		t.Fatal(answer, err)
	}
	if text := strings.Join(told["away"], "\n"); strings.Contains(text, "hush") || text == "" {
		t.Errorf("another host is told:\n%s", text)
	}
	for _, name := range []string{"first", "back"} {
		if text := strings.Join(told[name], "\n"); strings.Count(text, "Bearer hush") != 2 || strings.Count(text, "X-Key: hush") != 2 {
			t.Errorf("%s: the host itself is told:\n%s", name, text)
		}
	}
}

// An address that is signed anew each time is one download, by its name.
func TestANamedDownload(t *testing.T) {
	s, dir := serve(t), t.TempDir()
	s.cut.Store(300_000)
	gone := errors.New("killed")
	o := Options{Name: "sha256:x", Pause: func(context.Context, time.Duration) error { return gone }}
	if _, err := Get(t.Context(), s.URL+"?signature=1", dir, o); !errors.Is(err, gone) {
		t.Fatal(err)
	}
	r, err := get(t, s.URL+"?signature=2", dir, Options{Name: "sha256:x", SHA256: sumOf(content)})
	wantFile(t, dir, r, err, content)
	if s.ranges.Load() != 1 {
		t.Error("it began again")
	}
}

func TestAsk(t *testing.T) {
	var busy atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/busy":
			if busy.Add(1) < 3 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			_, _ = w.Write([]byte(`[1]`))
		case "/page":
			_, _ = w.Write([]byte("<!DOCTYPE html>"))
		case "/down":
			w.WriteHeader(http.StatusBadGateway)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	ask := func(path string) error {
		var answer []int
		_, err := Ask(t.Context(), Question{
			Address: server.URL + path + "?token=hush", Pause: noPause,
			Refused: func(r *http.Response) *Fault {
				if r.Request.URL.Path == "/known" {
					return &Fault{"Known", r.Status}
				}
				return nil
			},
		}, &answer)
		return err
	}
	if err := ask("/busy"); err != nil {
		t.Error(err)
	}
	for path, summary := range map[string]string{"/page": "Unsuitable answer", "/down": "Server not reachable", "/known": "Known", "/none": "Request refused"} {
		err := ask(path)
		wantFault(t, err, summary)
		if strings.Contains(err.Error(), "hush") {
			t.Errorf("the error shows a query: %v", err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Ask(ctx, Question{Address: server.URL, Pause: noPause}, new(any)); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended question gives %v", err)
	}
}
