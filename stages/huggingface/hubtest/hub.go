// Package hubtest runs a small Hugging Face hub on this machine, for tests: the parts
// of its interface that runpipe speaks to, answered as the real one does. Large files
// are on a host of their own, to which the hub redirects.
package hubtest

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Large is the size in bytes from which the hub keeps a file in Git LFS.
const Large = 1000

// Hub is a running hub.
type Hub struct {
	*httptest.Server
	Large *httptest.Server // the host of large files

	mu      sync.Mutex
	repos   map[string]*repository // by "models/org/name"
	token   string
	cut     int
	damaged map[string]bool
	asked   map[string]int
	leaks   []string
}

type repository struct {
	gated   bool
	refs    map[string]string
	commits map[string]map[string]string // commit → path → content
}

// New starts a hub, which lets in who has the token.
func New(t testing.TB, token string) *Hub {
	h := &Hub{repos: map[string]*repository{}, token: token, damaged: map[string]bool{}, asked: map[string]int{}}
	h.Server = httptest.NewServer(http.HandlerFunc(h.answer))
	h.Large = httptest.NewServer(http.HandlerFunc(h.answerLarge))
	t.Cleanup(h.Server.Close)
	t.Cleanup(h.Large.Close)
	return h
}

// Commit makes a commit of the files on branch main, and returns it. repo is as in the
// hub's own addresses.
func (h *Hub) Commit(repo string, files map[string]string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	name := inAPI(repo)
	r := h.repos[name]
	if r == nil {
		r = &repository{refs: map[string]string{}, commits: map[string]map[string]string{}}
		h.repos[name] = r
	}
	sum := sha1.New()
	fmt.Fprintln(sum, name, r.refs["main"])
	for _, path := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%q %q\n", path, files[path])
	}
	commit := hex.EncodeToString(sum.Sum(nil))
	r.commits[commit], r.refs["main"] = maps.Clone(files), commit
	return commit
}

// Tag names a commit.
func (h *Hub) Tag(repo, name, commit string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.repos[inAPI(repo)].refs[name] = commit
}

// Gate shuts the repository to who has no token.
func (h *Hub) Gate(repo string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.repos[inAPI(repo)].gated = true
}

// Cut breaks the next download of a large file after so many bytes.
func (h *Hub) Cut(after int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cut = after
}

// Damage changes a byte of a file with this content whenever it is downloaded, or no
// longer does.
func (h *Hub) Damage(content string, on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.damaged[sumOf(content)] = on
}

// Asked is how often requests of a kind came: "api", "small", "large", "range" (large,
// for a part).
func (h *Hub) Asked(kind string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked[kind]
}

// Leaks lists what the host of large files was told and must not be.
func (h *Hub) Leaks() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.leaks)
}

// inAPI is a repository as the hub's interface names it.
func inAPI(repo string) string {
	if strings.HasPrefix(repo, "datasets/") || strings.HasPrefix(repo, "spaces/") {
		return repo
	}
	return "models/" + repo
}

func sumOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func blobOf(content string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content))
	return hex.EncodeToString(sum[:])
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Error-Code", code)
	w.WriteHeader(status)
}

func (h *Hub) answer(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	inside, isAPI := strings.CutPrefix(r.URL.Path, "/api/")
	name, rest, isTree := strings.Cut(inside, "/tree/")
	if isAPI && !isTree {
		name, rest, _ = strings.Cut(inside, "/revision/")
	}
	if !isAPI {
		name, rest, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/resolve/")
		name = inAPI(name)
	}
	allowed := r.Header.Get("Authorization") == "Bearer "+h.token
	repo := h.repos[name]
	switch {
	case r.Header.Get("Authorization") != "" && !allowed:
		w.WriteHeader(http.StatusUnauthorized)
	case repo == nil && !allowed:
		refuse(w, http.StatusUnauthorized, "RepoNotFound")
	case repo == nil:
		refuse(w, http.StatusNotFound, "RepoNotFound")
	case repo.gated && !allowed:
		refuse(w, http.StatusUnauthorized, "GatedRepo")
	case isTree:
		h.list(w, r, repo, rest)
	case isAPI:
		h.asked["api"]++
		h.tell(w, repo, rest)
	default:
		commit, path, _ := strings.Cut(rest, "/")
		h.resolve(w, r, repo, commit, path)
	}
}

func (r *repository) commit(revision string) string {
	if commit, ok := r.refs[revision]; ok {
		return commit
	}
	if _, ok := r.commits[revision]; ok {
		return revision
	}
	return ""
}

func (h *Hub) tell(w http.ResponseWriter, repo *repository, revision string) {
	commit := repo.commit(revision)
	if commit == "" {
		refuse(w, http.StatusNotFound, "RevisionNotFound")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"sha": commit, "gated": repo.gated, "siblings": []any{}})
}

// page is how many entries of a commit are listed at once.
const page = 3

// list tells of the files of a commit, a page at a time, in the order of their names
// and with the folders among them.
func (h *Hub) list(w http.ResponseWriter, r *http.Request, repo *repository, commit string) {
	files, ok := repo.commits[commit]
	if !ok || r.URL.Query().Get("recursive") != "true" {
		refuse(w, http.StatusNotFound, "RevisionNotFound")
		return
	}
	start, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	nodes := []map[string]any{{"type": "directory", "path": "folder", "oid": blobOf("folder"), "size": 0}}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		content := files[path]
		file := map[string]any{"type": "file", "path": path, "size": len(content), "oid": blobOf(content)}
		if len(content) >= Large {
			file["lfs"] = map[string]any{"oid": sumOf(content), "size": len(content), "pointerSize": 130}
		}
		nodes = append(nodes, file)
	}
	end := min(start+page, len(nodes))
	if end < len(nodes) { // as a mirror does that hands on what the hub itself says
		w.Header().Set("Link", fmt.Sprintf(`<https://hub.example.org%s?recursive=true&cursor=%d>; rel="next"`, r.URL.Path, end))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(nodes[min(start, end):end])
}

func (h *Hub) resolve(w http.ResponseWriter, r *http.Request, repo *repository, commit, path string) {
	content, ok := repo.commits[repo.commit(commit)][path]
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "EntryNotFound")
	case len(content) >= Large:
		w.Header().Set("X-Linked-Etag", `"`+sumOf(content)+`"`)
		http.Redirect(w, r, h.Large.URL+"/"+sumOf(content)+"?Signature=hush", http.StatusFound)
	default:
		h.asked["small"]++
		w.Header().Set("ETag", `"`+blobOf(content)+`"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(h.sent(content)))
	}
}

// sent is what is sent of a file: another byte of one that is to be damaged.
func (h *Hub) sent(content string) string {
	if !h.damaged[sumOf(content)] {
		return content
	}
	return content[:len(content)-1] + "!"
}

func (h *Hub) answerLarge(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked["large"]++
	if r.Header.Get("Range") != "" {
		h.asked["range"]++
	}
	for name, values := range r.Header {
		if text := strings.Join(values, " "); name == "Authorization" || name == "Referer" || h.token != "" && strings.Contains(text, h.token) {
			h.leaks = append(h.leaks, name+": "+text)
		}
	}
	for _, repo := range h.repos {
		for _, files := range repo.commits {
			for _, content := range files {
				if "/"+sumOf(content) == r.URL.Path {
					h.send(w, r, h.sent(content))
					return
				}
			}
		}
	}
	http.NotFound(w, r)
}

func (h *Hub) send(w http.ResponseWriter, r *http.Request, content string) {
	w.Header().Set("ETag", `"of-the-store"`)
	cut := h.cut
	if h.cut = 0; cut == 0 {
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	_, _ = w.Write([]byte(content[:cut]))
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler) // breaks the connection
}
