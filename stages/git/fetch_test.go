package git_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/runpipe/runpipe/stages/git"
)

func TestFetchChecksOutWhatGitHas(t *testing.T) {
	r, first, second := sample(t)
	for _, allow := range []string{"false", "true"} {
		r.git("config", "uploadpack.allowReachableSHA1InWant", allow)
		t.Run("reachable SHA allowed "+allow, func(t *testing.T) {
			everyWay(t, r, func(t *testing.T, from git.Remote) {
				repos := t.TempDir()
				for _, commit := range []string{first, second} {
					bare := fetch(t, repos, from, commit)
					want := filepath.Join(t.TempDir(), "want")
					runGit(t, "/", "", "clone", "-q", r.dir, want)
					runGit(t, want, "", "checkout", "-q", commit)
					same(t, want, checkout(t, bare, commit))
					if count := runGit(t, bare, "", "rev-list", "--count", commit); count != "1" {
						t.Errorf("%s commits were kept, want the pinned one alone", count)
					}
					runGit(t, bare, "", "fsck", "--strict")
				}
				if left, _ := filepath.Glob(filepath.Join(repos, ".fetch-*")); len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
			})
		})
	}
}

// The commit in the middle is at no ref: the server has to give it by its id, or all.
func TestFetchCommitInTheMiddle(t *testing.T) {
	r, _, second := sample(t)
	r.commit("third", nil)
	for _, allow := range []string{"false", "true"} {
		r.git("config", "uploadpack.allowReachableSHA1InWant", allow)
		everyWay(t, r, func(t *testing.T, from git.Remote) {
			bare := fetch(t, t.TempDir(), from, second)
			checkout(t, bare, second)
			if count := runGit(t, bare, "", "rev-list", "--count", second); count != "1" {
				t.Errorf("%s commits were kept, want the pinned one alone", count)
			}
		})
	}
}

func TestFetchedIsNeverAskedForAgain(t *testing.T) {
	r, first, _ := sample(t)
	s := serve(t, filepath.Dir(r.dir), "")
	repos, from := t.TempDir(), remote(t, s.URL+"/code/.git")
	bare := fetch(t, repos, from, first)
	s.Close()
	withoutGit(t)
	if again := fetch(t, repos, from, first); again != bare {
		t.Errorf("the bare repository is %s, was %s", again, bare)
	}
	if found := resolve(t, from, first); found.Commit != first {
		t.Errorf("a whole commit resolves to %+v", found)
	}
}

// git gc in a bare repository packs its refs; the pins must outlive that.
func TestFetchedOutlivesGarbageCollection(t *testing.T) {
	r, first, second := sample(t)
	repos := t.TempDir()
	bare := fetch(t, repos, remote(t, r.dir), first)
	fetch(t, repos, remote(t, r.dir), second)
	runGit(t, bare, "", "gc", "-q", "--prune=now")
	runGit(t, bare, "", "pack-refs", "--all")
	os.RemoveAll(r.dir)
	for _, commit := range []string{first, second} {
		if !git.Has(bare, commit) {
			t.Errorf("%s is gone", commit)
		}
		checkout(t, bare, commit)
	}
}

// A local repository may borrow its objects from another one, which moves away.
func TestFetchFromBorrower(t *testing.T) {
	r, first, _ := sample(t)
	borrower := filepath.Join(t.TempDir(), "borrower")
	runGit(t, "/", "", "clone", "-q", "--shared", r.dir, borrower)
	repos := t.TempDir()
	bare := fetch(t, repos, remote(t, borrower), first)
	os.RemoveAll(r.dir)
	os.RemoveAll(borrower)
	checkout(t, bare, first)
}

func TestFetchFromPackedRepository(t *testing.T) {
	r, first, second := sample(t)
	big := strings.Repeat("a line that compresses\n", 4000)
	third := r.commit("big", map[string]string{"big.txt": big})
	fourth := r.commit("bigger", map[string]string{"big.txt": big + "and one more\n"})
	r.git("gc", "-q")
	for _, commit := range []string{first, second, third, fourth} {
		checkout(t, fetch(t, t.TempDir(), remote(t, r.dir), commit), commit)
	}
}

func TestFetchFromDamagedRepository(t *testing.T) {
	r, first, _ := sample(t)
	object := func(path string) string {
		id := r.git("rev-parse", first+":"+path)
		return filepath.Join(r.dir, ".git", "objects", id[:2], id[2:])
	}
	if err := os.Rename(object("requirements.txt"), object("src/train.py")); err != nil {
		t.Fatal(err)
	}
	r.git("hash-object", "-w", "requirements.txt")
	repos := t.TempDir()
	_, err := git.Fetch(context.Background(), repos, remote(t, r.dir), first, git.FetchOptions{})
	wantKind(t, err, git.ErrFetch, "damaged", "git fsck")
	if git.Has(remote(t, r.dir).Bare(repos), first) {
		t.Error("the commit counts as fetched")
	}
}

func TestForcePushedCommit(t *testing.T) {
	r, first, second := sample(t)
	r.git("reset", "-q", "--hard", first)
	r.git("reflog", "expire", "--expire=now", "--all")
	r.git("gc", "-q", "--prune=now")
	everyWay(t, r, func(t *testing.T, from git.Remote) {
		repos := t.TempDir()
		_, err := git.Fetch(context.Background(), repos, from, second, git.FetchOptions{})
		wantKind(t, err, git.ErrGone, second, "lock --upgrade")
		if git.Has(from.Bare(repos), second) {
			t.Error("the commit counts as fetched")
		}
		fetch(t, repos, from, first)
	})
}

func TestFetchAtOnce(t *testing.T) {
	r, first, second := sample(t)
	s := serve(t, filepath.Dir(r.dir), "")
	for _, from := range []git.Remote{remote(t, s.URL+"/code/.git"), remote(t, r.dir)} {
		repos := t.TempDir()
		var group sync.WaitGroup
		for n := range 8 {
			group.Go(func() {
				commit := []string{first, second}[n%2]
				bare, err := git.Fetch(context.Background(), repos, from, commit, git.FetchOptions{})
				if err == nil {
					_, err = git.PinOf(bare, commit, nil)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		bare := from.Bare(repos)
		checkout(t, bare, first)
		checkout(t, bare, second)
		runGit(t, bare, "", "fsck", "--strict")
		if shallow, _ := os.ReadFile(filepath.Join(bare, "shallow")); !strings.Contains(string(shallow), first) || !strings.Contains(string(shallow), second) {
			t.Errorf("history ends at %q", shallow)
		}
	}
}

func TestInterruptedFetch(t *testing.T) {
	r, first, _ := sample(t)
	s := serve(t, filepath.Dir(r.dir), "")
	for _, from := range []git.Remote{remote(t, s.URL+"/code/.git"), remote(t, r.dir)} {
		repos := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		stopped := errors.New("nothing was fetched")
		_, err := git.Fetch(ctx, repos, from, first, git.FetchOptions{Progress: func(stage string, done, total int64) {
			stopped = nil
			cancel()
		}})
		// What was on its way may still arrive; then it is whole.
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v", err)
		}
		if stopped != nil {
			t.Error(stopped)
		}
		if (err == nil) != git.Has(from.Bare(repos), first) {
			t.Errorf("Fetch says %v, and has the commit: %v", err, git.Has(from.Bare(repos), first))
		}
		checkout(t, fetch(t, repos, from, first), first)
		cancel()
	}
}

// What a killed fetch leaves is a private folder and a bare repository without the
// pin's ref.
func TestFetchAfterKilledOne(t *testing.T) {
	r, first, second := sample(t)
	repos, from := t.TempDir(), remote(t, r.dir)
	bare := fetch(t, repos, from, first)
	if err := os.Remove(filepath.Join(bare, "refs", "runpipe", first)); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(repos, ".fetch-1")
	if err := os.Mkdir(left, 0o700); err != nil {
		t.Fatal(err)
	}
	checkout(t, fetch(t, repos, from, second), second)
	checkout(t, fetch(t, repos, from, first), first)
}

func TestFetchProgress(t *testing.T) {
	r, first, _ := sample(t)
	s := serve(t, filepath.Dir(r.dir), "")
	for way, from := range map[string]git.Remote{git.Receiving: remote(t, s.URL+"/code/.git"), "Copying objects": remote(t, r.dir)} {
		seen := map[string]int64{}
		last := "never called"
		_, err := git.Fetch(context.Background(), t.TempDir(), from, first, git.FetchOptions{Progress: func(stage string, done, total int64) {
			seen[stage], last = done, stage
		}})
		if err != nil || seen[way] == 0 || last != "" {
			t.Errorf("%s: %v, last %q: %v", way, seen, last, err)
		}
	}
}

// submodules makes a repository with a submodule by a relative address, which has
// one itself.
func submodules(t *testing.T) (outer repository, commit string) {
	t.Helper()
	folder := t.TempDir()
	make := func(name string) repository {
		r := repository{t, filepath.Join(folder, name)}
		if err := os.Mkdir(r.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		r.git("init", "-q", "-b", "main")
		return r
	}
	innermost, inner, outer := make("innermost"), make("inner"), make("outer")
	innermost.commit("one", map[string]string{"deep.txt": "deep"})
	inner.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../innermost", "below")
	inner.commit("one", map[string]string{"inner.txt": "inner"})
	outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../inner", "lib/inner")
	outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init", "--recursive")
	commit = outer.commit("one", map[string]string{"outer.txt": "outer"})
	inner.commit("two", map[string]string{"inner.txt": "moved on"})
	return outer, commit
}

func TestSubmodules(t *testing.T) {
	outer, commit := submodules(t)
	s := serve(t, filepath.Dir(outer.dir), "me:secret")
	login := strings.Replace(s.URL, "http://", "http://me:secret@", 1)
	for name, address := range map[string]string{"path": outer.dir, "file": "file://" + outer.dir, "http": login + "/outer"} {
		t.Run(name, func(t *testing.T) {
			if name == "http" { // the server finds repositories by their .git folders
				for _, one := range []string{"outer", "inner", "innermost"} {
					runGit(t, filepath.Join(filepath.Dir(outer.dir), one), "", "config", "core.bare", "false")
				}
			}
			repos := t.TempDir()
			bare := fetch(t, repos, remote(t, address), commit)
			same(t, outer.dir, checkout(t, bare, commit))
			nowhere(t, repos, "secret")

			got := checkout(t, bare, commit, "lib/inner/below")
			if data, err := os.ReadFile(filepath.Join(got, "lib/inner/below/deep.txt")); err != nil || string(data) != "deep" {
				t.Errorf("a path inside a submodule gives %q, %v", data, err)
			}
			if data, err := git.ReadFile(bare, commit, "lib/inner/inner.txt"); err != nil || string(data) != "inner" {
				t.Errorf("a file of a submodule reads %q, %v", data, err)
			}
		})
	}
}

func TestSubmoduleThatIsNotThere(t *testing.T) {
	outer, commit := submodules(t)
	s := serve(t, filepath.Dir(outer.dir), "")
	if err := os.Rename(filepath.Join(filepath.Dir(outer.dir), "innermost"), filepath.Join(t.TempDir(), "away")); err != nil {
		t.Fatal(err)
	}
	from := remote(t, s.URL+"/outer")
	repos := t.TempDir()
	_, err := git.Fetch(context.Background(), repos, from, commit, git.FetchOptions{})
	wantKind(t, err, git.ErrSubmodule, "below", "No such repository"[:0], s.URL+"/innermost")
	wantKind(t, err, git.ErrNotRepository)

	// Where its folder is not wanted, it is not needed.
	bare, err := git.Fetch(context.Background(), repos, from, commit, git.FetchOptions{Paths: []string{"outer.txt"}})
	if err != nil {
		t.Fatal(err)
	}
	checkout(t, bare, commit, "outer.txt")
	err = git.Checkout(context.Background(), bare, commit, nil, "", filepath.Join(t.TempDir(), "all"))
	wantKind(t, err, git.ErrSubmodule, "lib/inner", "not fetched")

	// The user's own clone has it beside it.
	bare = fetch(t, t.TempDir(), remote(t, outer.dir), commit)
	checkout(t, bare, commit)
}

func TestSubmoduleWithoutAddress(t *testing.T) {
	r, first, _ := sample(t)
	r.git("update-index", "--add", "--cacheinfo", "160000,"+first+",nested")
	r.git("commit", "-q", "-m", "a repository added by mistake")
	commit := r.git("rev-parse", "HEAD")
	_, err := git.Fetch(context.Background(), t.TempDir(), remote(t, r.dir), commit, git.FetchOptions{})
	wantKind(t, err, git.ErrSubmodule, "nested", "git rm --cached nested")
}

// A repository from elsewhere must not have this machine's repositories copied.
func TestSubmoduleOfThisMachine(t *testing.T) {
	private, commit, _ := sample(t)
	for _, address := range []string{private.dir, "file://" + private.dir, "../../../../" + private.dir} {
		r := newRepository(t)
		r.git("update-index", "--add", "--cacheinfo", "160000,"+commit+",stolen")
		r.commit("one", map[string]string{".gitmodules": "[submodule \"stolen\"]\n\tpath = stolen\n\turl = " + address + "\n"})
		// commit adds all files, and so drops the submodule that has no folder: put it back.
		r.git("update-index", "--add", "--cacheinfo", "160000,"+commit+",stolen")
		r.git("commit", "-q", "-m", "two")
		pinned := r.git("rev-parse", "HEAD")
		s := serve(t, filepath.Dir(r.dir), "")
		_, err := git.Fetch(context.Background(), t.TempDir(), remote(t, s.URL+"/code/.git"), pinned, git.FetchOptions{})
		wantKind(t, err, git.ErrSubmodule, "stolen")
	}
}
