package lock

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// edit writes files without committing them.
func (p project) edit(files ...string) {
	p.t.Helper()
	for _, name := range files {
		path := filepath.Join(p.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("edited"), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
}

// Uncommitted changes are refused whether or not the clone is pinned, where they
// are what its ref shows and its paths hold; the lock file stays as it is.
func TestUncommittedChangesAreRefused(t *testing.T) {
	p := newProject(t)
	first := p.git("rev-parse", "HEAD")
	for _, pinned := range []bool{false, true} {
		p.edit("src/train.py", "new.py", "mnist.hcl")
		o := Options{Except: []string{filepath.Join(p.dir, "mnist.hcl")}}
		for ref, paths := range map[string][]string{"": nil, "main": nil, "HEAD": {"src"}, "refs/heads/main": {"src/train.py"}} {
			_, _, diags := p.update(o, wanted(ref, paths...))
			if len(diags) != 1 || diags[0].Summary != "Uncommitted changes" || !strings.Contains(diags[0].Detail, "src/train.py") ||
				strings.Contains(diags[0].Detail, "new.py") != (paths == nil) || strings.Contains(diags[0].Detail, "mnist.hcl") || diags[0].Subject.Start.Line != 3 {
				t.Errorf("ref %q, paths %v: %v", ref, paths, diags)
			}
		}
		if _, err := os.Stat(p.path()); (err == nil) != pinned {
			t.Fatalf("the lock file: %v", err)
		}
		p.git("branch", "-f", "other", first)
		for _, w := range []Wanted{wanted("other"), wanted(first), wanted("main", "base.txt")} {
			_, _, diags := p.update(o, w)
			ok(t, diags)
		}
		p.git("clean", "-q", "-f", "-d")
		p.git("checkout", "-q", ".")
		for _, ref := range []string{"", "main", "HEAD", "refs/heads/main"} {
			_, _, diags := p.update(o, wanted(ref), wanted(ref, "src"), wanted(ref, "src/train.py"))
			ok(t, diags)
		}
	}
}

func TestManyUncommittedFiles(t *testing.T) {
	p := newProject(t)
	for n := range 25 {
		p.edit(fmt.Sprintf("file-%02d", n))
	}
	_, _, diags := p.update(Options{}, wanted("main"))
	if len(diags) != 1 || !strings.Contains(diags[0].Detail, "file-08, file-09 and 15 more.") {
		t.Errorf("%v", diags)
	}
}

// A private commit is pinned for this run, marked, and never written; not even
// --locked minds, since the lock file stays as it is.
func TestUncommittedChangesCommittedPrivately(t *testing.T) {
	p := newProject(t)
	first := p.git("rev-parse", "HEAD")
	clean, part, other := wanted("main", "src"), wanted("main", "base.txt"), wanted(first)
	clean.Requirements = []string{"requirements.txt"}
	_, _, diags := p.update(Options{}, clean, part, other)
	ok(t, diags)
	before := p.text()
	committed, _ := p.read().Pin(clean)

	p.edit("src/train.py", "elsewhere")
	f, changes, diags := p.update(Options{Uncommitted: CommitPrivately, Locked: true}, clean, part, other)
	ok(t, diags)
	pin, _ := f.Pin(clean)
	if !pin.Dirty || pin.Commit == first || pin.Digest == committed.Digest || p.git("show", pin.Commit+":src/train.py") != "edited" {
		t.Errorf("the pin is %+v", pin)
	}
	if len(changes) != 2 || !changes[0].Dirty || changes[0].New != pin.Commit || changes[0].Unshared || changes[1].Dirty {
		t.Errorf("the changes are %+v", changes)
	}
	if beside, _ := f.Pin(part); beside.Dirty || beside.Commit != pin.Commit {
		t.Errorf("paths that nobody edited are pinned to %+v", beside)
	}
	if fixed, _ := f.Pin(other); fixed.Dirty || fixed.Commit != first {
		t.Errorf("a commit is pinned to %+v", fixed)
	}
	if p.git("ls-tree", "--name-only", pin.Commit, "elsewhere") != "" {
		t.Error("a file outside of the paths is in the commit")
	}
	if p.text() != before || p.git("rev-parse", "HEAD") != first {
		t.Errorf("the lock file is another:\n%s", p.text())
	}
	if pin, _ := p.read().Pin(clean); pin.Dirty || pin.Commit != first {
		t.Errorf("the file pins %+v", pin)
	}
	// The same text, committed, is the same code.
	p.git("commit", "-q", "-m", "x", "src")
	f, _, diags = p.update(Options{Upgrade: func(string) bool { return true }}, clean)
	ok(t, diags)
	if now, _ := f.Pin(clean); now.Dirty || now.Digest != pin.Digest {
		t.Errorf("once committed the pin is %+v, and was %+v", now, pin)
	}
}

func TestUncommittedChangesLeftOut(t *testing.T) {
	p := newProject(t)
	first := p.git("rev-parse", "HEAD")
	p.edit("src/train.py")
	f, _, diags := p.update(Options{Uncommitted: LeaveOut}, wanted("main"))
	ok(t, diags)
	if pin, _ := f.Pin(wanted("main")); pin.Dirty || pin.Commit != first {
		t.Errorf("the pin is %+v", pin)
	}
	// What is pinned needs no repository.
	p.git("stash", "-q")
	if err := os.RemoveAll(filepath.Join(p.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	_, _, diags = p.update(Options{Locked: true}, wanted("main"))
	ok(t, diags)
}

// A uv project is read from two files, of which a clone names one.
func TestAProjectCountsAmongUncommittedFiles(t *testing.T) {
	w := Wanted{Paths: []string{"src"}, Requirements: []string{"sub/uv.lock"}}
	got := touching([]string{"README.md", "src/train.py", "sub/pyproject.toml", "sub/uv.lock"}, w)
	if want := []string{"src/train.py", "sub/pyproject.toml", "sub/uv.lock"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
