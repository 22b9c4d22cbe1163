package condatest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Channel serves packages over HTTP on loopback. The zero value of User and Token
// lets everyone in.
type Channel struct {
	User, Password string // basic authentication
	Token          string // addresses begin with /t/<Token>

	server   *httptest.Server
	mu       sync.Mutex
	files    map[string][]byte // subdir/name → content
	requests []string          // paths, without the token, in order
}

// NewChannel starts a channel with these packages, which ends with the test.
func NewChannel(t testing.TB, files ...File) *Channel {
	c := &Channel{files: map[string][]byte{}}
	for _, f := range files {
		c.Put(f)
	}
	c.server = httptest.NewServer(c)
	t.Cleanup(c.server.Close)
	return c
}

// Put serves a file, in place of what had its name.
func (c *Channel) Put(f File) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files[f.Subdir+"/"+f.Name] = f.Content
}

// Close ends the channel before its test does.
func (c *Channel) Close() { c.server.Close() }

// Address is where the channel is, without credentials.
func (c *Channel) Address() string { return c.server.URL }

// Of is the address of a package, without credentials.
func (c *Channel) Of(f File) string { return c.server.URL + "/" + f.Subdir + "/" + f.Name }

// Requests is what was asked for since the last call, in order.
func (c *Channel) Requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.requests
	c.requests = nil
	return asked
}

// ServeHTTP answers as a channel does.
func (c *Channel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := r.URL.Path
	if c.Token != "" {
		rest, ok := strings.CutPrefix(path, "/t/"+c.Token+"/")
		if !ok {
			http.Error(w, "who are you?", http.StatusForbidden)
			return
		}
		path = "/" + rest
	}
	c.requests = append(c.requests, path)
	if user, password, _ := r.BasicAuth(); c.User != "" && (user != c.User || password != c.Password) {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	content, ok := c.files[strings.TrimPrefix(path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(content) // who asked has gone, or will complain
}
