package conda_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/conda"
	"github.com/runpipe/runpipe/stages/conda/condatest"
	"github.com/runpipe/runpipe/stages/python"
)

// lab is a channel with two packages, and the list of both.
func lab(t *testing.T, hash func(condatest.File) string) (*condatest.Channel, []condatest.File, *conda.List) {
	t.Helper()
	files := []condatest.File{
		condatest.Package{Name: "zlib", Version: "1.3", Build: "h1_0", Subdir: "linux-64", Files: map[string]string{"lib/libz": "z"}}.Make(t),
		condatest.Package{Name: "app", Version: "2.0", Build: "0", Files: map[string]string{"bin/app": "#!/bin/sh\n"}}.Make(t),
	}
	c := condatest.NewChannel(t, files...)
	text := "@EXPLICIT\n"
	for _, f := range files {
		text += c.Of(f) + "#" + hash(f) + "\n"
	}
	return c, files, parse(t, text)
}

func parse(t *testing.T, text string) *conda.List {
	t.Helper()
	l, err := conda.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func pin(t *testing.T, c *conda.Cache, l *conda.List) *python.Lock {
	t.Helper()
	lock, err := c.Pin(t.Context(), l, "linux_x86_64")
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestPinKeepsTheOrderAndDownloadsOnce(t *testing.T) {
	channel, files, l := lab(t, condatest.File.MD5)
	cache := &conda.Cache{Folder: t.TempDir()}
	lock := pin(t, cache, l)
	if lock.Manager != python.Conda || lock.Python != "" || lock.Platform != "linux_x86_64" {
		t.Errorf("the lock is %+v", lock)
	}
	for i, p := range lock.Packages {
		if p.Files[files[i].Name] != "sha256:"+files[i].SHA256() || p.URL != channel.Of(files[i]) {
			t.Errorf("package %d is %+v", i, p)
		}
	}
	channel.Requests()
	pin(t, cache, l)
	if asked := channel.Requests(); len(asked) > 0 {
		t.Errorf("asked again for %v", asked)
	}

	// What the note leads to has to be what was noted.
	kept := filepath.Join(cache.Folder, "sha256", files[1].SHA256())
	if err := os.Chmod(kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := pin(t, cache, l); again.Digest() != lock.Digest() || len(channel.Requests()) != 1 {
		t.Errorf("a damaged file was believed")
	}
}

func TestPinTakesTheSHA256OfTheList(t *testing.T) {
	channel, _, l := lab(t, condatest.File.SHA256)
	lock := pin(t, &conda.Cache{Folder: t.TempDir()}, l)
	if asked := channel.Requests(); len(asked) > 0 {
		t.Errorf("asked for %v", asked)
	}
	if got := string(conda.Locked(lock).Text()); !strings.Contains(got, "@EXPLICIT\n"+l.Packages[0].URL+"#"+l.Packages[0].SHA256+"\n") {
		t.Errorf("a job is given\n%s", got)
	}
}

func TestLayOut(t *testing.T) {
	channel, files, l := lab(t, condatest.File.SHA256)
	cache := &conda.Cache{Folder: t.TempDir()}
	missing := &conda.DamagedError{}
	if _, err := cache.LayOut(l, t.TempDir()); !errors.As(err, &missing) || missing.Got != "" {
		t.Errorf("without the files: %v", err)
	}
	if err := cache.Fetch(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "a folder")
	if _, err := cache.LayOut(l, folder); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "explicit.txt"))
	want := "@EXPLICIT\n"
	for _, f := range files {
		want += "file://" + strings.ReplaceAll(folder, " ", "%20") + "/" + f.Subdir + "/" + f.Name + "#" + f.MD5() + "\n"
	}
	if err != nil || string(text) != want {
		t.Errorf("the client is given\n%s(%v), want\n%s", text, err, want)
	}

	// A file that was changed since is not handed on, and is fetched anew.
	kept := filepath.Join(cache.Folder, "sha256", files[0].SHA256())
	if err := os.Remove(kept); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := &conda.DamagedError{}
	if _, err := cache.LayOut(l, t.TempDir()); !errors.As(err, &damaged) || damaged.File != files[0].Name || damaged.Want != files[0].SHA256() {
		t.Errorf("with another file: %v", err)
	}
	channel.Requests()
	if err := cache.Fetch(t.Context(), l); err != nil || len(channel.Requests()) != 1 {
		t.Errorf("a damaged file is fetched anew: %v", err)
	}
	if _, err := cache.LayOut(l, t.TempDir()); err != nil {
		t.Error(err)
	}
}

func TestCheckInstalled(t *testing.T) {
	_, _, l := lab(t, condatest.File.SHA256)
	write := func(prefix, name, version, build string) {
		t.Helper()
		path := filepath.Join(prefix, "conda-meta", name+".json")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(`{"name":"`+name+`","version":"`+version+`","build":"`+build+`"}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	prefix := filepath.Join(t.TempDir(), "with [brackets]")
	if err := l.CheckInstalled(prefix); err == nil || !strings.Contains(err.Error(), "zlib is missing, app is missing") {
		t.Errorf("an empty environment: %v", err)
	}
	write(prefix, "zlib", "1.3", "h1_0")
	write(prefix, "app", "2.0", "0")
	if err := l.CheckInstalled(prefix); err != nil {
		t.Error(err)
	}
	write(prefix, "app", "2.0", "1")
	write(prefix, "extra", "1", "0")
	if err := l.CheckInstalled(prefix); err == nil || !strings.Contains(err.Error(), "app is 2.0=1, not 2.0=0, extra was not asked for") {
		t.Errorf("another environment: %v", err)
	}
}

// An address that comes back in an error, changed or not, does not tell the token.
func TestATokenIsInNoError(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "loop") {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
			return
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	for _, name := range []string{"loop", "missing"} {
		l := parse(t, "@EXPLICIT\n"+strings.Replace(server.URL, "://", "://${LAB_USER}@", 1)+"/t/${LAB_TOKEN}/noarch/"+name+"-1-0.conda\n")
		cache := &conda.Cache{Folder: t.TempDir(), Environ: []string{"LAB_USER=ada", "LAB_TOKEN=s3cr3t/x"}}
		_, err := cache.Pin(t.Context(), l, "linux_x86_64")
		if err == nil || strings.Contains(err.Error(), "s3cr3t") || !strings.Contains(err.Error(), "/t/${LAB_TOKEN}/") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
