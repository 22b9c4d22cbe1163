// Package lfstest serves repositories with files in Git LFS on this machine, for
// tests: git over HTTP by git's own backend, and the batch API of git-lfs. Objects
// are on a host of their own.
package lfstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server serves the repositories in a folder.
type Server struct {
	*httptest.Server
	User, Password string // basic authentication, if User is given

	dir   string
	store *httptest.Server

	mu     sync.Mutex
	cut    int
	gone   bool
	signed int
	asked  map[string]int
	leaks  []string
}

// Need skips the test where git-lfs is not installed, or fails it where all programs
// are required.
func Need(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("git-lfs"); err == nil {
		return
	}
	if os.Getenv("RUNPIPE_TEST_SLURM") == "required" {
		t.Fatal("git-lfs is not installed (Debian: git-lfs)")
	}
	t.Skip("git-lfs is not installed (Debian: git-lfs)")
}

// Serve serves the repositories in dir: <dir>/code.git, bare, at <URL>/code.git.
func Serve(t testing.TB, dir string) *Server {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := exec.Command(git, "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{dir: dir, asked: map[string]int{}}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(folder)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=uploadpack.allowAnySHA1InWant", "GIT_CONFIG_VALUE_0=true"},
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); s.User != "" && (user != s.User || password != s.Password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="code"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if name, ok := strings.CutSuffix(r.URL.Path, "/info/lfs/objects/batch"); ok {
			s.batch(w, r, name)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	s.store = httptest.NewServer(http.HandlerFunc(s.object))
	t.Cleanup(s.Server.Close)
	t.Cleanup(s.store.Close)
	return s
}

// Cut breaks the next download of an object after so many bytes.
func (s *Server) Cut(after int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = after
}

// Lose has the server know no object any more.
func (s *Server) Lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
}

// Asked is how often requests of a kind came: "batch", "object", "range".
func (s *Server) Asked(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[kind]
}

// Leaks lists what the host of objects was told and must not be.
func (s *Server) Leaks() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.leaks)
}

type object struct {
	OID     string         `json:"oid"`
	Size    int64          `json:"size"`
	Actions map[string]any `json:"actions,omitempty"`
	Error   map[string]any `json:"error,omitempty"`
}

func (s *Server) batch(w http.ResponseWriter, r *http.Request, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked["batch"]++
	var asked struct {
		Operation string   `json:"operation"`
		Objects   []object `json:"objects"`
	}
	const media = "application/vnd.git-lfs+json"
	if r.Method != http.MethodPost || r.Header.Get("Accept") != media || r.Header.Get("Content-Type") != media ||
		json.NewDecoder(r.Body).Decode(&asked) != nil || asked.Operation != "download" {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	var found []object
	for _, o := range asked.Objects {
		info, err := os.Stat(s.file(name, o.OID))
		if err != nil || s.gone || info.Size() != o.Size {
			found = append(found, object{OID: o.OID, Size: o.Size, Error: map[string]any{"code": 404, "message": "Object does not exist"}})
			continue
		}
		s.signed++
		found = append(found, object{OID: o.OID, Size: o.Size, Actions: map[string]any{"download": map[string]any{
			"href":   fmt.Sprintf("%s%s?oid=%s&signature=hush%d", s.store.URL, name, o.OID, s.signed),
			"header": map[string]string{"X-Store-Key": "hush"}, "expires_in": 3600,
		}}})
	}
	w.Header().Set("Content-Type", media)
	_ = json.NewEncoder(w).Encode(map[string]any{"transfer": "basic", "objects": found})
}

func (s *Server) file(name, oid string) string {
	if len(oid) != 64 {
		return ""
	}
	return filepath.Join(s.dir, filepath.FromSlash(name), "lfs", "objects", oid[:2], oid[2:4], oid)
}

func (s *Server) object(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked["object"]++
	if r.Header.Get("Range") != "" {
		s.asked["range"]++
	}
	if r.Header.Get("Authorization") != "" {
		s.leaks = append(s.leaks, r.Header.Get("Authorization"))
	}
	data, err := os.ReadFile(s.file(r.URL.Path, r.URL.Query().Get("oid")))
	if err != nil || r.Header.Get("X-Store-Key") != "hush" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.Header().Set("ETag", `"`+r.URL.Query().Get("oid")[:8]+`"`)
	cut := s.cut
	if s.cut = 0; cut == 0 {
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(data)))
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	_, _ = w.Write(data[:cut])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler) // breaks the connection
}
