// Package pythontest is a package index of a test's own: an HTTP server on
// loopback with wheels that are made on the spot.
package pythontest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Index serves packages by the simple API (PEP 503, and PEP 691 for those who
// accept JSON). The zero value of User lets everyone in.
type Index struct {
	User, Password string // basic authentication, if User is given

	server   *httptest.Server
	mu       sync.Mutex
	files    map[string]map[string]File // normalized name → file name → file
	requests []string                   // paths, in order
}

// NewIndex starts an index that ends with the test.
func NewIndex(t testing.TB) *Index {
	i := &Index{files: map[string]map[string]File{}}
	i.server = httptest.NewServer(i)
	t.Cleanup(i.server.Close)
	return i
}

// Add serves a file of the package with this normalized name.
func (i *Index) Add(name string, f File) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.files[name] == nil {
		i.files[name] = map[string]File{}
	}
	i.files[name][f.Name] = f
}

// SetPassword changes the password of an index that has been asked before.
func (i *Index) SetPassword(password string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.Password = password
}

// Close ends the index before its test does.
func (i *Index) Close() { i.server.Close() }

// Address is where the index is, with the credentials that it wants.
func (i *Index) Address() string {
	address := i.Plain()
	if i.User == "" {
		return address
	}
	return strings.Replace(address, "://", "://"+url.UserPassword(i.User, i.Password).String()+"@", 1)
}

// File is the address of a file of the package with this normalized name.
func (i *Index) File(name string, f File) string {
	return i.server.URL + "/files/" + name + "/" + url.PathEscape(f.Name)
}

// Plain is where the index is, without credentials.
func (i *Index) Plain() string { return i.server.URL + "/simple/" }

// Requests is what was asked since the last call, in order.
func (i *Index) Requests() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	asked := i.requests
	i.requests = nil
	return asked
}

// ServeHTTP answers as an index does.
func (i *Index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.requests = append(i.requests, r.URL.Path)
	if user, password, _ := r.BasicAuth(); i.User != "" && (user != i.User || password != i.Password) {
		w.Header().Set("WWW-Authenticate", "Basic")
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) == 2 && parts[0] == "simple" && i.files[parts[1]] != nil:
		i.list(w, r, i.files[parts[1]])
	case len(parts) == 3 && parts[0] == "files" && i.files[parts[1]] != nil:
		f, ok := i.files[parts[1]][parts[2]]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(f.Content) // who asked has gone, or will complain
	default:
		http.NotFound(w, r)
	}
}

func (i *Index) list(w http.ResponseWriter, r *http.Request, files map[string]File) {
	name := strings.Split(strings.Trim(r.URL.Path, "/"), "/")[1]
	type entry struct {
		Filename string            `json:"filename"`
		URL      string            `json:"url"`
		Hashes   map[string]string `json:"hashes"`
	}
	var entries []entry
	for _, file := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, entry{file, "../../files/" + name + "/" + file, map[string]string{"sha256": files[file].SHA256()}})
	}
	if strings.Contains(r.Header.Get("Accept"), "application/vnd.pypi.simple.v1+json") {
		w.Header().Set("Content-Type", "application/vnd.pypi.simple.v1+json")
		_ = json.NewEncoder(w).Encode(map[string]any{"meta": map[string]string{"api-version": "1.0"}, "name": name, "files": entries})
		return
	}
	w.Header().Set("Content-Type", "text/html")
	for _, e := range entries {
		fmt.Fprintf(w, "<a href=\"%s#sha256=%s\">%s</a>\n", e.URL, e.Hashes["sha256"], e.Filename)
	}
}
