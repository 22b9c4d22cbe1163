package git_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/git"
)

// The programs that make the test repositories and compare folders, also where a
// test takes them off the PATH.
var gitProgram, diffProgram = program("git"), program("diff")

func program(name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		panic("these tests need " + name + ": " + err.Error())
	}
	return path
}

func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "runpipe-home-")
	if err != nil {
		panic(err)
	}
	// Nothing of the developer's own configuration may count.
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
		"GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000",
	} {
		os.Setenv(name, value)
	}
	code := m.Run()
	os.RemoveAll(home)
	os.Exit(code)
}

// repository is a real one, made by git.
type repository struct {
	t   testing.TB
	dir string
}

func newRepository(t testing.TB) repository {
	t.Helper()
	r := repository{t, filepath.Join(t.TempDir(), "code")}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "-b", "main")
	return r
}

// git runs git in the repository and returns what it prints.
func (r repository) git(args ...string) string {
	r.t.Helper()
	return runGit(r.t, r.dir, "", args...)
}

func runGit(t testing.TB, dir, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command(gitProgram, args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, errors.String())
	}
	return strings.TrimSpace(string(out))
}

// commit writes files (path → content) and commits everything.
func (r repository) commit(message string, files map[string]string) string {
	r.t.Helper()
	for name, content := range files {
		path := filepath.Join(r.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", message)
	return r.git("rev-parse", "HEAD")
}

// sample is a repository with two commits, a branch, tags and a link.
func sample(t testing.TB) (r repository, first, second string) {
	t.Helper()
	r = newRepository(t)
	if err := os.Symlink("src/train.py", filepath.Join(r.dir, "link")); err != nil {
		t.Fatal(err)
	}
	first = r.commit("first", map[string]string{"src/train.py": "print(1)\n", "src/data/a.txt": "a", "requirements.txt": "numpy==2.1.0\n"})
	r.git("tag", "light")
	r.git("tag", "-a", "v1", "-m", "annotated")
	run := filepath.Join(r.dir, "run.sh")
	if err := os.WriteFile(run, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	second = r.commit("second", map[string]string{"docs/readme.md": "hello"})
	r.git("branch", "experiment", first)
	return r, first, second
}

func remote(t testing.TB, repository string) git.Remote {
	t.Helper()
	r, err := git.ParseRemote(repository, "/")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func resolve(t testing.TB, r git.Remote, ref string) git.Resolution {
	t.Helper()
	found, err := git.Resolve(context.Background(), r, ref)
	if err != nil {
		t.Fatalf("resolving %q of %s: %v", ref, r, err)
	}
	return found
}

func fetch(t testing.TB, repos string, r git.Remote, commit string) string {
	t.Helper()
	bare, err := git.Fetch(context.Background(), repos, r, commit, git.FetchOptions{})
	if err != nil {
		t.Fatalf("fetching %s of %s: %v", commit, r, err)
	}
	return bare
}

// checkout writes a commit out and verifies it.
func checkout(t testing.TB, bare, commit string, paths ...string) string {
	t.Helper()
	dest := filepath.Join(t.TempDir(), "tree")
	if err := git.Checkout(context.Background(), bare, commit, paths, "", dest); err != nil {
		t.Fatal(err)
	}
	if err := git.Verify(dest, bare, commit, paths, false); err != nil {
		t.Fatal(err)
	}
	return dest
}

// same compares two folders with diff, modes and links included.
func same(t testing.TB, want, got string) {
	t.Helper()
	out, err := exec.Command(diffProgram, "-r", "--no-dereference", "-x", ".git", want, got).CombinedOutput()
	if err != nil {
		t.Fatalf("the checkout is not what git has:\n%s", out)
	}
}

func wantKind(t testing.TB, err, kind error, words ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("the error is %v, want kind %v", err, kind)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error %q does not say %q", err, word)
		}
	}
}

// server is git's own smart HTTP server over a folder of repositories.
type server struct {
	*httptest.Server
	login string // "user:password", or "" for none
}

func serve(t testing.TB, folder, login string) *server {
	t.Helper()
	execPath := runGit(t, "/", "", "--exec-path")
	s := &server{login: login}
	backend := &cgi.Handler{
		Path:   filepath.Join(execPath, "git-http-backend"),
		Env:    []string{"GIT_PROJECT_ROOT=" + folder, "GIT_HTTP_EXPORT_ALL=1", "HOME=" + os.Getenv("HOME")},
		Stderr: io.Discard,
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if s.login != "" && s.login != user+":"+password {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		copied := *backend
		copied.Env = append(slices.Clone(backend.Env), "GIT_PROTOCOL="+r.Header.Get("Git-Protocol"))
		copied.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// withoutGit takes git off the PATH: what is left is go-git alone.
func withoutGit(t *testing.T) {
	t.Helper()
	t.Setenv("PATH", t.TempDir())
}
