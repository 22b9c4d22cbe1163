package git_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/git"
)

// edit writes files into the working tree without committing them.
func (r repository) edit(files map[string]string) {
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
}

func uncommitted(t testing.TB, from git.Remote, of git.Scope) *git.WorkingTree {
	t.Helper()
	tree, err := git.Uncommitted(context.Background(), from, of)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func wantFiles(t testing.TB, from git.Remote, of git.Scope, want string) {
	t.Helper()
	if got := strings.Join(uncommitted(t, from, of).Files, " "); got != want {
		t.Errorf("uncommitted in %s: %q, want %q", from, got, want)
	}
}

// Taken out of the index and still there, a file is deleted and untracked in one.
func TestAFileThatIsUncommittedTwice(t *testing.T) {
	r, _, _ := sample(t)
	r.git("rm", "-q", "--cached", "run.sh")
	wantFiles(t, remote(t, r.dir), git.Scope{}, "run.sh")
}

func TestUncommitted(t *testing.T) {
	r, _, _ := sample(t)
	inner, whole := remote(t, filepath.Join(r.dir, "src")), remote(t, "file://"+r.dir)
	wantFiles(t, inner, git.Scope{}, "")
	r.edit(map[string]string{
		"src/train.py": "print(2)\n", "new file": "", "docs/readme.md": "changed", ".gitignore": "junk\n", "junk": "",
		"mnist.lock.hcl": "", "mnist.hcl": "", ".runpipe/x": "", "src/.runpipe/runs/y": "",
	})
	r.git("add", "docs")
	linked := filepath.Join(t.TempDir(), "linked")
	r.git("worktree", "add", "-q", "-b", "other", linked)
	if err := os.WriteFile(filepath.Join(linked, "run.sh"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	bare := filepath.Join(t.TempDir(), "bare.git")
	runGit(t, "/", "", "clone", "-q", "--bare", r.dir, bare)
	const all = ".gitignore docs/readme.md new file src/train.py"
	except := git.Scope{Except: []string{filepath.Join(r.dir, "mnist.hcl"), "/elsewhere/new file"}}
	for _, without := range []bool{false, true} {
		if without {
			withoutGit(t)
		}
		wantFiles(t, inner, except, all)
		wantFiles(t, whole, except, all)
		wantFiles(t, whole, git.Scope{}, ".gitignore docs/readme.md mnist.hcl new file src/train.py")
		wantFiles(t, whole, git.Scope{Paths: []string{"src", "docs/readme.md", "new"}}, "docs/readme.md src/train.py")
		wantFiles(t, remote(t, linked), git.Scope{}, "run.sh")
		for _, none := range []git.Remote{remote(t, bare), remote(t, "file://"+r.dir+"/.git"), remote(t, "https://host/x")} {
			if got := uncommitted(t, none, git.Scope{}); got != nil {
				t.Errorf("%s has a working tree: %v", none, got)
			}
		}
	}
}

func TestWhatIsCheckedOut(t *testing.T) {
	r, first, _ := sample(t)
	from := remote(t, r.dir)
	for ref, want := range map[string]bool{
		"": true, "HEAD": true, "main": true, "heads/main": true, "refs/heads/main": true,
		"experiment": false, "v1": false, first: false, "refs/tags/main": false,
	} {
		if got := uncommitted(t, from, git.Scope{}).Has(ref); got != want {
			t.Errorf("%q is checked out: %v", ref, got)
		}
	}
	r.git("checkout", "-q", "--detach", first)
	if tree := uncommitted(t, from, git.Scope{}); !tree.Has("") || tree.Has("main") || tree.Head != first {
		t.Errorf("a detached HEAD is taken for a branch: %+v", tree)
	}
}

// What is the user's: branch, index, stash, and the working tree itself.
func (r repository) state() string {
	r.t.Helper()
	return strings.Join([]string{
		r.git("status", "--porcelain=v2", "--branch"), r.git("ls-files", "--stage"), r.git("stash", "list"),
		r.git("for-each-ref", "refs/heads", "refs/tags", "refs/stash"), r.git("reflog"),
	}, "\n")
}

func commitPrivately(t testing.TB, from git.Remote, of git.Scope) string {
	t.Helper()
	id, err := uncommitted(t, from, of).Commit(context.Background(), from)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A private commit holds the working tree as it is, and is all that changes.
func TestPrivateCommit(t *testing.T) {
	r, _, second := sample(t)
	from := remote(t, r.dir)
	r.edit(map[string]string{"stashed.txt": "x"})
	r.git("stash", "-q", "-u")
	r.edit(map[string]string{".gitignore": "junk\n", "junk": "", "src/train.py": "print('staged')\n", "mnist.hcl": "", "a b\"c/ü.txt": "new"})
	r.git("add", "--all")
	r.edit(map[string]string{"src/train.py": "print('as it stands')\n"})
	for _, name := range []string{"docs", "link"} {
		if err := os.RemoveAll(filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("run.sh", filepath.Join(r.dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(r.dir, "requirements.txt"), 0o755); err != nil {
		t.Fatal(err)
	}
	before := r.state()
	scope := git.Scope{Except: []string{filepath.Join(r.dir, "mnist.hcl")}}
	id := commitPrivately(t, from, scope)
	if after := r.state(); after != before {
		t.Errorf("the user's repository is another:\n%s\n---\n%s", before, after)
	}
	if got := r.git("rev-parse", id+"^"); got != second {
		t.Errorf("the commit is on top of %s, want %s", got, second)
	}
	if got := r.git("for-each-ref", "--format=%(refname)", "refs/runpipe"); got != "refs/runpipe/dirty/"+id {
		t.Errorf("the commit is kept by %q", got)
	}
	// It goes the way of any other commit.
	tree := checkout(t, fetch(t, t.TempDir(), from, id), id)
	if err := os.Remove(filepath.Join(r.dir, "mnist.hcl")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(r.dir, "junk")); err != nil {
		t.Fatal(err)
	}
	same(t, r.dir, tree)
}

func TestPrivateCommitsAreTheSameForTheSameChanges(t *testing.T) {
	r, _, _ := sample(t)
	from := remote(t, r.dir)
	r.edit(map[string]string{"src/train.py": "print(2)\n", "docs/readme.md": "changed"})
	id := commitPrivately(t, from, git.Scope{})
	t.Setenv("GIT_AUTHOR_DATE", "1800000000 +0200")
	t.Setenv("GIT_COMMITTER_DATE", "1800000000 +0200")
	t.Setenv("GIT_COMMITTER_NAME", "Somebody Else")
	r.git("config", "commit.gpgSign", "true")
	r.git("add", "src") // what is staged does not matter
	if again := commitPrivately(t, from, git.Scope{}); again != id {
		t.Errorf("the same changes give %s and %s", id, again)
	}
	// Paths leave out the other changes.
	part := commitPrivately(t, from, git.Scope{Paths: []string{"src"}})
	if got := r.git("diff", "--name-only", "HEAD", part); got != "src/train.py" {
		t.Errorf("the commit of src changes %q", got)
	}
	r.edit(map[string]string{"src/train.py": "print(3)\n"})
	if other := commitPrivately(t, from, git.Scope{}); other == id {
		t.Error("other changes give the same commit")
	}
}

// A merge that is not resolved is committed as the working tree shows it.
func TestPrivateCommitInTheMiddleOfAMerge(t *testing.T) {
	r, _, _ := sample(t)
	r.git("checkout", "-q", "experiment")
	r.commit("theirs", map[string]string{"src/train.py": "print('theirs')\n"})
	r.git("checkout", "-q", "main")
	r.commit("ours", map[string]string{"src/train.py": "print('ours')\n"})
	runGit(t, r.dir, "", "-c", "alias.try=!git merge -q experiment || true", "try")
	from := remote(t, r.dir)
	wantFiles(t, from, git.Scope{}, "src/train.py")
	id := commitPrivately(t, from, git.Scope{})
	if got := r.git("show", id+":src/train.py"); !strings.Contains(got, "<<<<<<<") {
		t.Errorf("the commit holds %q", got)
	}
	if got := r.git("ls-files", "--unmerged"); got == "" {
		t.Error("the user's merge was ended")
	}
}

func TestPrivateCommitThatCannotBe(t *testing.T) {
	library, _, _ := sample(t)
	r, _, _ := sample(t)
	runGit(t, r.dir, "", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.dir, "lib")
	r.commit("add a library", nil)
	from := remote(t, r.dir)
	wantFiles(t, from, git.Scope{}, "")
	inside := filepath.Join(r.dir, "lib/src/train.py")
	if err := os.WriteFile(inside, []byte("print(9)\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tree := uncommitted(t, from, git.Scope{})
	_, err := tree.Commit(context.Background(), from)
	wantKind(t, err, git.ErrUncommitted, "submodule lib", "commit it there")
	runGit(t, filepath.Join(r.dir, "lib"), "", "checkout", "-q", "--", ".")

	large := filepath.Join(r.dir, "data.bin")
	if err := os.WriteFile(large, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 1<<30); err != nil { // without a byte of content
		t.Fatal(err)
	}
	_, err = uncommitted(t, from, git.Scope{}).Commit(context.Background(), from)
	wantKind(t, err, git.ErrUncommitted, "1024 MiB", ".gitignore")
	withoutGit(t)
	_, err = tree.Commit(context.Background(), from)
	wantKind(t, err, git.ErrUncommitted, "git program")
}

func TestUnshared(t *testing.T) {
	r, first, _ := sample(t)
	clone := filepath.Join(t.TempDir(), "clone")
	runGit(t, "/", "", "clone", "-q", r.dir, clone)
	mine := repository{t, clone}
	own := mine.commit("mine alone", map[string]string{"a": "b"})
	for commit, want := range map[string]bool{first: false, own: true} {
		if got := git.Unshared(context.Background(), remote(t, clone), commit); got != want {
			t.Errorf("unshared: %v, want %v", got, want)
		}
	}
	if !git.Unshared(context.Background(), remote(t, r.dir), first) {
		t.Error("a repository without remotes shares its commits")
	}
	bare := filepath.Join(t.TempDir(), "bare.git")
	runGit(t, "/", "", "clone", "-q", "--bare", r.dir, bare)
	if git.Unshared(context.Background(), remote(t, bare), first) {
		t.Error("a commit of a bare repository, which others clone, is not shared")
	}
	if git.Unshared(context.Background(), remote(t, "https://host/x"), first) {
		t.Error("a commit of a server is not shared")
	}
}
