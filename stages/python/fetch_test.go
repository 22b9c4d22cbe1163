package python

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/python/pythontest"
)

// locked is a lock of files that an index serves.
func locked(index *pythontest.Index, files ...pythontest.File) *Lock {
	l := &Lock{Python: "3.11", Platform: "linux_x86_64"}
	for _, f := range files {
		name, version, _ := strings.Cut(f.Name, "-")
		version, _, _ = strings.Cut(version, "-")
		index.Add(Normalize(name), f)
		l.Packages = append(l.Packages, Package{Name: Normalize(name), Version: version, Files: map[string]string{f.Name: "sha256:" + f.SHA256()}})
	}
	l.sort()
	return l
}

func TestFetch(t *testing.T) {
	index := pythontest.NewIndex(t)
	index.User, index.Password = "ada", "p/w:d"
	l := locked(index, pythontest.Wheel("my_model", "1.0"), pythontest.Wheel("tokens", "2.0+cu124"))
	folder := t.TempDir()
	var done int64
	for _, again := range []bool{false, true} {
		together, err := Fetch(t.Context(), l, Sources{Indexes: []string{"http://127.0.0.1:9/", index.Address()}}, folder, func(n, _ int64) { done = n })
		if err != nil {
			t.Fatal(err)
		}
		asked := index.Requests()
		if again != (len(asked) == 0) {
			t.Errorf("again %v: asked for %v", again, asked)
		}
		for _, p := range l.Packages {
			for name, digest := range p.Files {
				data, err := os.ReadFile(filepath.Join(together, name))
				if err != nil || "sha256:"+(pythontest.File{Content: data}).SHA256() != digest {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	digest := l.Packages[0].Hashes()[0]
	if err := os.WriteFile(contentPath(folder, digest), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	together, err := Fetch(t.Context(), l, Sources{Indexes: []string{index.Address()}}, folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name := range l.Packages[0].Files {
		if !isWhole(filepath.Join(together, name), digest) {
			t.Error("a damaged file was not fetched again")
		}
	}
	if done == 0 {
		t.Error("no progress was told")
	}
}

func TestFetchRefusals(t *testing.T) {
	index := pythontest.NewIndex(t)
	l := locked(index, pythontest.Wheel("a", "1.0"))
	index.Add("a", pythontest.Wheel("a", "1.0", "other")) // under the same name
	folder := t.TempDir()
	if _, err := Fetch(t.Context(), l, Sources{Indexes: []string{index.Address()}}, folder, nil); err == nil || !strings.Contains(err.Error(), "is locked") {
		t.Errorf("another file: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*", "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	l.Packages[0].Files = map[string]string{"a-0.9-py3-none-any.whl": "sha256:" + one}
	secret := strings.Replace(index.Plain(), "://", "://ada:s3cr3t@", 1)
	_, err := Fetch(t.Context(), l, Sources{Indexes: []string{secret}}, folder, nil)
	if err == nil || !strings.Contains(err.Error(), "not all there on "+index.Plain()) || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("an absent file: %v", err)
	}
}

func TestLinksOf(t *testing.T) {
	links, err := linksOf([]byte(`<!DOCTYPE html><A class="x" HREF='a-1.whl#sha256=00'>a</A><a
		href="https://files.example/b%2B1.whl?x=1&amp;y=2">b</a>`), false)
	if err != nil || strings.Join(links, " ") != "a-1.whl#sha256=00 https://files.example/b%2B1.whl?x=1&y=2" {
		t.Errorf("links %q, %v", links, err)
	}
	if _, err := linksOf([]byte("<html>"), true); err == nil {
		t.Error("a page was read as JSON")
	}
}

func TestSourcesOf(t *testing.T) {
	environ := []string{"PIP_INDEX_URL=https://mirror/simple", "PIP_EXTRA_INDEX_URL=https://a https://b", "PIP_FIND_LINKS=/opt/wheels https://c", "TOKEN=t"}
	for _, tt := range []struct {
		environ, extra, lines []string
		index, want           string
	}{
		{want: "https://pypi.org/simple"},
		{environ: environ, want: "https://mirror/simple https://a https://b /opt/wheels"},
		{environ: environ, extra: []string{"https://d"}, want: "https://mirror/simple https://d /opt/wheels"},
		{environ: environ, index: "https://e", want: "https://e"},
		{environ: environ[3:], lines: []string{"--extra-index-url=https://x:${TOKEN}@f", "--trusted-host g"}, want: "https://pypi.org/simple https://x:t@f"},
		{environ: environ[3:], lines: []string{"--extra-index-url=https://f/$TOKEN/${TOKEN:-}"}, want: "https://pypi.org/simple https://f/$TOKEN/${TOKEN:-}"}, // as pip leaves it
	} {
		s := SourcesOf(tt.environ, tt.index, tt.extra, tt.lines)
		if got := strings.Join(append(s.Indexes, s.Folders...), " "); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}
