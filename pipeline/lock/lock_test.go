package lock

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages/git"
)

func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
		"GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000",
	} {
		os.Setenv(name, value)
	}
	os.Exit(m.Run())
}

// project is a folder with a pipeline, in a real repository.
type project struct {
	t          *testing.T
	dir, repos string
}

func newProject(t *testing.T) project {
	p := project{t, t.TempDir(), filepath.Join(t.TempDir(), "repos")}
	p.git("init", "-q", "-b", "main")
	p.commit(map[string]string{"requirements.txt": "-r base.txt\n", "base.txt": "numpy==2.1.0\n", "src/train.py": "print(1)\n"})
	return p
}

func (p project) git(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = p.dir
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}

func (p project) commit(files map[string]string) string {
	p.t.Helper()
	for name, content := range files {
		path := filepath.Join(p.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	p.git("add", "-A")
	p.git("commit", "-q", "-m", "a commit")
	return p.git("rev-parse", "HEAD")
}

func (p project) path() string { return filepath.Join(filepath.Dir(p.repos), "mnist.lock.hcl") }

// update reads the lock file, updates it and writes it.
func (p project) update(o Options, wanted ...Wanted) (*File, []Change, hcl.Diagnostics) {
	p.t.Helper()
	f := p.read()
	changes, diags := Update(context.Background(), f, p.dir, p.repos, wanted, o)
	if err := f.Write(p.path()); err != nil {
		p.t.Fatal(err)
	}
	return f, changes, diags
}

func (p project) read() *File {
	p.t.Helper()
	f, diags := Read(p.path())
	if diags.HasErrors() {
		p.t.Fatal(diags)
	}
	return f
}

func (p project) text() string {
	data, err := os.ReadFile(p.path())
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}

func wanted(ref string, paths ...string) Wanted {
	return Wanted{Address: "clone.code", Repository: ".", Ref: ref, Paths: paths,
		Range: hcl.Range{Filename: "mnist.hcl", Start: hcl.Pos{Line: 3, Column: 1}, End: hcl.Pos{Line: 3, Column: 13}}}
}

func ok(t *testing.T, diags hcl.Diagnostics) {
	t.Helper()
	if diags.HasErrors() {
		t.Fatal(diags)
	}
}

func TestUpdatePinsOnce(t *testing.T) {
	p := newProject(t)
	first := p.git("rev-parse", "HEAD")
	w := wanted("main", "src")
	w.Requirements = []string{"requirements.txt"}
	_, changes, diags := p.update(Options{}, w)
	ok(t, diags)
	if diff := cmp.Diff([]Change{{Address: "clone.code", Kind: PinnedCommit, Repository: ".", Ref: "main", New: first, Unshared: true}}, changes); diff != "" {
		t.Error(diff)
	}
	before := p.text()
	info, err := os.Stat(p.path())
	if err != nil {
		t.Fatal(err)
	}

	p.commit(map[string]string{"src/train.py": "print(2)\n"})
	f, changes, diags := p.update(Options{}, w)
	ok(t, diags)
	pin, pinned := f.Pin(w)
	if !pinned || pin.Commit != first || len(changes) > 0 || p.text() != before {
		t.Errorf("the branch moved, and the pin with it: %+v, %v", pin, changes)
	}
	if after, err := os.Stat(p.path()); err != nil || !os.SameFile(info, after) {
		t.Errorf("a file that says the same was written again: %v", err)
	}
	if info.Mode().Perm() != 0o644 {
		t.Errorf("the lock file has mode %v", info.Mode())
	}
}

func TestUpdateNeedsNoRepositoryForWhatIsPinned(t *testing.T) {
	p := newProject(t)
	w := wanted("main", "src")
	w.Requirements = []string{"./requirements.txt"}
	_, _, diags := p.update(Options{}, w)
	ok(t, diags)
	os.RemoveAll(filepath.Join(p.dir, ".git"))
	os.RemoveAll(p.repos)
	f, changes, diags := p.update(Options{Locked: true}, w)
	ok(t, diags)
	pin, pinned := f.Pin(w)
	digest, there := f.Requirements(w, "requirements.txt")
	if !pinned || !there || !strings.HasPrefix(pin.Digest, "sha256:") || !strings.HasPrefix(digest, "sha256:") || len(changes) > 0 {
		t.Errorf("from the lock alone: %+v %v, %q %v", pin, pinned, digest, there)
	}
}

func TestUpgrade(t *testing.T) {
	p := newProject(t)
	first := p.git("rev-parse", "HEAD")
	p.git("branch", "other")
	a, b := wanted("main", "src"), wanted("other")
	b.Address = "clone.other"
	_, _, diags := p.update(Options{}, a, b)
	ok(t, diags)
	second := p.commit(map[string]string{"docs": "x"})
	p.git("branch", "-f", "other", second)
	old, _ := p.read().Pin(a)

	f, changes, diags := p.update(Options{Upgrade: func(address string) bool { return address == "clone.code" }}, a, b)
	ok(t, diags)
	if diff := cmp.Diff([]Change{{Address: "clone.code", Kind: PinnedCommit, Repository: ".", Ref: "main", Old: first, New: second, Unshared: true}}, changes); diff != "" {
		t.Error(diff)
	}
	if pin, _ := f.Pin(a); pin.Commit != second || pin.Digest != old.Digest {
		t.Errorf("the pin is %+v; src did not change, and its digest was %s", pin, old.Digest)
	}
	if pin, _ := f.Pin(b); pin.Commit != first {
		t.Errorf("clone.other was pinned anew, to %s", pin.Commit)
	}
	if _, changes, diags = p.update(Options{Upgrade: func(string) bool { return true }}, a); diags.HasErrors() || len(changes) > 0 {
		t.Errorf("nothing moved, and yet: %v %v", changes, diags)
	}
}

func TestVariantsKeepTheirPins(t *testing.T) {
	p := newProject(t)
	first := p.git("rev-parse", "HEAD")
	_, _, diags := p.update(Options{}, wanted("main"))
	ok(t, diags)
	p.git("checkout", "-q", "-b", "next")
	second := p.commit(map[string]string{"docs": "x"})
	_, _, diags = p.update(Options{}, wanted("next", "src"))
	ok(t, diags)
	f := p.read()
	if pin, _ := f.Pin(wanted("main")); pin.Commit != first {
		t.Errorf("main is pinned to %+v", pin)
	}
	if pin, _ := f.Pin(wanted("next", "src")); pin.Commit != second {
		t.Errorf("next is pinned to %+v", pin)
	}
	// The same ref with other paths: the commit stays, a digest comes.
	p.git("checkout", "-q", "main")
	p.commit(map[string]string{"docs": "y"})
	f, changes, diags := p.update(Options{}, wanted("main", "src"))
	ok(t, diags)
	if pin, pinned := f.Pin(wanted("main", "src")); !pinned || pin.Commit != first || len(changes) > 0 {
		t.Errorf("main with paths is pinned to %+v, %v", pin, changes)
	}
}

func TestLocked(t *testing.T) {
	p := newProject(t)
	_, _, diags := p.update(Options{Locked: true}, wanted("main"))
	refused(t, diags, "main of . is not pinned", "runpipe lock")
	if _, err := os.Stat(p.path()); err == nil {
		t.Error("a lock file was written")
	}
	_, _, diags = p.update(Options{}, wanted("main"))
	ok(t, diags)
	_, _, diags = p.update(Options{Locked: true}, wanted("main"))
	ok(t, diags)
	_, _, diags = p.update(Options{Locked: true}, wanted("main", "src"))
	refused(t, diags, "no digest of the paths src")
	w := wanted("")
	w.Requirements = []string{"requirements.txt"}
	_, _, diags = p.update(Options{Locked: true}, w)
	refused(t, diags, "the default branch of . is not pinned")
	w.Ref = "main"
	_, _, diags = p.update(Options{Locked: true}, w)
	refused(t, diags, "no digest of requirements.txt")
}

func refused(t *testing.T, diags hcl.Diagnostics, words ...string) {
	t.Helper()
	if !Refused(diags) {
		t.Fatalf("the change was not refused: %v", diags)
	}
	for _, word := range words {
		if !strings.Contains(diags.Error(), word) {
			t.Errorf("%v does not say %q", diags, word)
		}
	}
}

func TestUpdateTellsWhereAndWhy(t *testing.T) {
	p := newProject(t)
	good, ref, path, requirements := wanted("main"), wanted("mian"), wanted("HEAD", "srk"), wanted("refs/heads/main")
	ref.Range.Start.Line, path.Range.Start.Line, requirements.Range.Start.Line = 10, 20, 30
	requirements.Requirements = []string{"requirement.txt"}
	address := wanted("main")
	address.Repository = "ftp://me:secret@host/x"
	_, changes, diags := p.update(Options{}, good, ref, path, requirements, address)
	want := map[int]string{10: `Did you mean "main"?`, 20: `Did you mean "src"?`, 30: `Did you mean "requirements.txt"?`, 3: "ftp://me@host/x"}
	if len(diags) != len(want) {
		t.Errorf("the diagnostics are %v", diags)
	}
	for _, d := range diags {
		if d.Subject == nil || !strings.Contains(d.Detail, want[d.Subject.Start.Line]) || strings.Contains(d.Error(), "secret") {
			t.Errorf("at %v: %v", d.Subject, d)
		}
		delete(want, d.Subject.Start.Line)
	}
	// What did work is in the file all the same.
	if _, pinned := p.read().Pin(good); !pinned || len(changes) != 1 || Refused(diags) {
		t.Errorf("main was not pinned: %v", changes)
	}
}

func TestCredentialsStayOut(t *testing.T) {
	f := &File{clones: map[key]*clone{}}
	w := Wanted{Repository: "https://me:secret@host/x.git", Ref: "main"}
	f.clones[w.key()] = newClone(strings.Repeat("a", 40), strings.Repeat("b", 40))
	if text := string(f.bytes()); strings.Contains(text, "secret") || !strings.Contains(text, `clone "https://host/x.git" "main"`) {
		t.Errorf("the file is\n%s", text)
	}
	w.Repository = "https://other@host/x.git"
	if _, pinned := f.Pin(w); !pinned {
		t.Error("another token of the same repository has another pin")
	}
}

func TestWrittenForm(t *testing.T) {
	hex := func(c string, n int) string { return strings.Repeat(c, n) }
	f := &File{clones: map[key]*clone{}}
	f.clones[key{"https://host/b", ""}] = newClone(hex("1", 40), hex("2", 40))
	c := newClone(hex("3", 40), hex("4", 40))
	c.paths[pathKey([]string{"src", "./data/"})] = "sha256:" + hex("5", 64)
	c.paths[pathKey([]string{"docs"})] = "sha256:" + hex("6", 64)
	c.requirements["requirements.txt"] = "sha256:" + hex("7", 64)
	c.requirements["${odd} \"name\""] = "sha256:" + hex("8", 64)
	f.clones[key{"https://host/a", "v1"}] = c
	want := `# This file is written by "runpipe lock". Commit it; do not edit it.

version = 1

clone "https://host/a" "v1" {
  commit = "` + hex("3", 40) + `"
  tree   = "` + hex("4", 40) + `"
  paths {
    only   = ["data", "src"]
    digest = "sha256:` + hex("5", 64) + `"
  }
  paths {
    only   = ["docs"]
    digest = "sha256:` + hex("6", 64) + `"
  }
  requirements = {
    "$${odd} \"name\"" = "sha256:` + hex("8", 64) + `"
    "requirements.txt" = "sha256:` + hex("7", 64) + `"
  }
}

clone "https://host/b" "" {
  commit = "` + hex("1", 40) + `"
  tree   = "` + hex("2", 40) + `"
}
`
	if diff := cmp.Diff(want, string(f.bytes())); diff != "" {
		t.Error(diff)
	}
	path := filepath.Join(t.TempDir(), "x.lock.hcl")
	if err := f.Write(path); err != nil {
		t.Fatal(err)
	}
	read, diags := Read(path)
	ok(t, diags)
	if diff := cmp.Diff(want, string(read.bytes())); diff != "" {
		t.Errorf("what was written reads otherwise: %s", diff)
	}
}

func TestReadRefuses(t *testing.T) {
	commit, digest := strings.Repeat("a", 40), "sha256:"+strings.Repeat("b", 64)
	good := fmt.Sprintf("commit = %q\n tree = %q\n", commit, commit)
	block := func(body string) string { return "version = 1\nclone \"x\" \"main\" {\n" + body + "}\n" }
	for _, c := range []struct {
		text string
		line int
		word string
	}{
		{"", 1, "version"},
		{"version = 2\n", 1, "use the runpipe that wrote it"},
		{"version = x\n", 1, "Variables not allowed"},
		{"version = 1\nfoo = 1\n", 2, "foo"},
		{"version = 1\nmodule \"x\" {}\n", 2, "module"},
		{"version = 1\nclone \"x\" {}\n", 2, "ref"},
		{block(good + "foo = 1\n"), 5, "foo"},
		{block("tree = \"" + commit + "\"\n"), 2, "commit"},
		{block("commit = \"abc\"\n tree = \"" + commit + "\"\n"), 3, "40 hex digits"},
		{block("commit = \"" + strings.ToUpper(commit) + "\"\n tree = \"" + commit + "\"\n"), 3, "40 hex digits"},
		{block("commit = null\n tree = \"" + commit + "\"\n"), 3, "40 hex digits"},
		{block("commit = 7\n tree = \"" + commit + "\"\n"), 3, "40 hex digits"},
		{block(good + "paths {}\n"), 5, "only"},
		{block(good + "paths {\n only = \"src\"\n digest = \"" + digest + "\"\n}\n"), 6, "list"},
		{block(good + "paths {\n only = []\n digest = \"" + digest + "\"\n}\n"), 6, "list"},
		{block(good + "paths {\n only = [\"a\", 1]\n digest = \"" + digest + "\"\n}\n"), 6, "list"},
		{block(good + "paths {\n only = [\"a\"]\n digest = \"sha256:b\"\n}\n"), 7, "64 hex digits"},
		{block(good + strings.Repeat("paths {\n only = [\"a\"]\n digest = \""+digest+"\"\n}\n", 2)), 9, "more than once"},
		{block(good + "requirements = { \"a\" = \"b\" }\n"), 5, "64 hex digits"},
		{block(good + "requirements = [1]\n"), 5, "map"},
		{block(good) + "clone \"x\" \"main\" {\n" + good + "}\n", 6, "more than once"},
		{"version = 1\n<<<<<<< HEAD\n=======\n>>>>>>> x\n", 2, "merge"},
		{"version = \n", 1, "expression"},
	} {
		path := filepath.Join(t.TempDir(), "x.lock.hcl")
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, diags := Read(path)
		found := false
		for _, d := range diags {
			text := strings.ToLower(d.Summary + d.Detail)
			found = found || d.Subject != nil && d.Subject.Start.Line == c.line && strings.Contains(text, strings.ToLower(c.word))
		}
		if !found {
			t.Errorf("%q gives %v, want line %d and %q", c.text, diags, c.line, c.word)
		}
	}
}

func TestReadAbsent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock.hcl")
	f, diags := Read(path)
	ok(t, diags)
	if _, pinned := f.Pin(wanted("main")); pinned {
		t.Error("an absent file pins")
	}
	if err := f.Write(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("an empty lock was written")
	}
	if Path("/a/mnist.hcl") != "/a/mnist.lock.hcl" {
		t.Errorf("the lock file is %s", Path("/a/mnist.hcl"))
	}
}

func TestBar(t *testing.T) {
	var screen strings.Builder
	tell := Bar(&screen, "keras-io")
	tell("Counting objects", 5, 10)
	tell("Counting objects", 10, 10)
	tell(git.Receiving, 1<<20, -1)
	tell("", 0, 0)
	for _, word := range []string{"keras-io", "Counting objects", "(0/10)", git.Receiving} {
		if !strings.Contains(screen.String(), word) {
			t.Errorf("the screen shows %q, without %q", screen.String(), word)
		}
	}
	Bar(io.Discard, "x")("", 0, 0)
}
