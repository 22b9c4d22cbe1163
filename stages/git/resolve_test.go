package git_test

import (
	"context"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/git"
)

// everyWay are the ways to reach one repository, with and without the git program.
func everyWay(t *testing.T, r repository, test func(t *testing.T, r git.Remote)) {
	folder := filepath.Dir(r.dir)
	t.Run("path", func(t *testing.T) { test(t, remote(t, r.dir)) })
	t.Run("inner path", func(t *testing.T) {
		inner := filepath.Join(r.dir, "pipelines", "here")
		if err := os.MkdirAll(inner, 0o755); err != nil {
			t.Fatal(err)
		}
		from, err := git.ParseRemote(".", inner)
		if err != nil {
			t.Fatal(err)
		}
		test(t, from)
	})
	t.Run("file", func(t *testing.T) { test(t, remote(t, "file://"+r.dir)) })
	t.Run("http", func(t *testing.T) { test(t, remote(t, serve(t, folder, "").URL+"/code/.git")) })
	t.Run("http without git", func(t *testing.T) {
		s := serve(t, folder, "")
		withoutGit(t)
		test(t, remote(t, s.URL+"/code/.git"))
	})
	t.Run("http by git", func(t *testing.T) {
		s := serve(t, folder, "")
		t.Setenv("GIT_CONFIG_COUNT", "1") // a setting that go-git does not know
		t.Setenv("GIT_CONFIG_KEY_0", "http.lowSpeedLimit")
		t.Setenv("GIT_CONFIG_VALUE_0", "1")
		test(t, remote(t, s.URL+"/code/.git"))
	})
}

func TestResolve(t *testing.T) {
	r, first, second := sample(t)
	middle := r.commit("third", nil)
	third := r.commit("fourth", nil)
	everyWay(t, r, func(t *testing.T, from git.Remote) {
		for ref, want := range map[string]string{
			"": third, "HEAD": third, "main": third, "refs/heads/main": third, "heads/main": third,
			"experiment": first, "light": first, "v1": first, "refs/tags/v1": first, "tags/v1": first,
			second: second, strings.ToUpper(second): second,
			first[:7]: first, middle[:9]: middle, // at a ref, and in the history only
		} {
			if found := resolve(t, from, ref); found.Commit != want || found.Warning != "" {
				t.Errorf("%q resolves to %+v, want %s", ref, found, want)
			}
		}
		for _, ref := range []string{"mian", "nowhere", "0123456", "refs/heads/v1"} {
			_, err := git.Resolve(context.Background(), from, ref)
			wantKind(t, err, git.ErrNoRef, ref, "Branches (2)", "main", "experiment", "Tags (2)", "light", "v1")
		}
		_, err := git.Resolve(context.Background(), from, "mian")
		wantKind(t, err, git.ErrNoRef, `Did you mean "main"?`)
	})
}

func TestResolveNamesTheNearestRefs(t *testing.T) {
	r, _, _ := sample(t)
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "release-2024", "release-2025"} {
		r.git("branch", name)
	}
	_, err := git.Resolve(context.Background(), remote(t, r.dir), "relase-2025")
	wantKind(t, err, git.ErrNoRef, `Did you mean "release-2025"?`, "Branches (15): release-2025, release-2024,", "and 5 more")
}

func TestResolveAmbiguousName(t *testing.T) {
	r, first, second := sample(t)
	r.git("tag", "both", first)
	r.git("branch", "both", second)
	everyWay(t, r, func(t *testing.T, from git.Remote) {
		found := resolve(t, from, "both")
		if found.Commit != first || found.Ref != "refs/tags/both" || !strings.Contains(found.Warning, "refs/heads/both") {
			t.Errorf("both resolves to %+v", found)
		}
		if found := resolve(t, from, "refs/heads/both"); found.Commit != second || found.Warning != "" {
			t.Errorf("refs/heads/both resolves to %+v", found)
		}
	})
}

func TestResolveEmptyRepository(t *testing.T) {
	everyWay(t, newRepository(t), func(t *testing.T, from git.Remote) {
		for _, ref := range []string{"", "main"} {
			_, err := git.Resolve(context.Background(), from, ref)
			wantKind(t, err, git.ErrEmpty, "no commit yet")
		}
	})
}

// A default branch that nobody has pushed to.
func TestResolveUnbornDefaultBranch(t *testing.T) {
	r, _, _ := sample(t)
	r.git("symbolic-ref", "HEAD", "refs/heads/unborn")
	everyWay(t, r, func(t *testing.T, from git.Remote) {
		_, err := git.Resolve(context.Background(), from, "")
		wantKind(t, err, git.ErrNoRef, "default branch", "main", "experiment")
	})
}

func TestResolveDetachedHead(t *testing.T) {
	r, first, _ := sample(t)
	r.git("checkout", "-q", first)
	everyWay(t, r, func(t *testing.T, from git.Remote) {
		if found := resolve(t, from, ""); found.Commit != first {
			t.Errorf("HEAD resolves to %+v, want %s", found, first)
		}
	})
}

func TestResolveInLinkedWorktree(t *testing.T) {
	r, first, _ := sample(t)
	linked := filepath.Join(t.TempDir(), "linked")
	r.git("worktree", "add", "-q", linked, "experiment")
	if found := resolve(t, remote(t, linked), ""); found.Commit != first {
		t.Errorf("the worktree's HEAD resolves to %+v, want %s", found, first)
	}
	if bare := fetch(t, t.TempDir(), remote(t, linked), first); !git.Has(bare, first) {
		t.Error("the commit was not fetched")
	}
}

func TestNotARepository(t *testing.T) {
	empty := t.TempDir()
	s := serve(t, empty, "")
	for _, from := range []string{empty, filepath.Join(empty, "absent"), "file://" + empty, s.URL + "/absent.git"} {
		_, err := git.Resolve(context.Background(), remote(t, from), "main")
		wantKind(t, err, git.ErrNotRepository, empty[:0])
	}
	// A file URL names the repository itself, as for git.
	r, _, _ := sample(t)
	_, err := git.Resolve(context.Background(), remote(t, "file://"+r.dir+"/src"), "main")
	wantKind(t, err, git.ErrNotRepository)
}

func TestNoNetwork(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	listener.Close()
	for _, without := range []bool{false, true} {
		if without {
			withoutGit(t)
		}
		addresses := []string{"http://me:secret@" + closed + "/x.git", "http://me:secret@no-such-host.invalid/x.git"}
		if _, err := exec.LookPath("ssh"); err == nil && !without {
			addresses = append(addresses, "ssh://me@"+closed+"/x.git")
		}
		for _, address := range addresses {
			_, err := git.Resolve(context.Background(), remote(t, address), "main")
			wantKind(t, err, git.ErrNetwork, "cannot be reached")
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the credentials: %v", err)
			}
		}
	}
}

func TestLogin(t *testing.T) {
	r, _, second := sample(t)
	s := serve(t, filepath.Dir(r.dir), "me:secret")
	plain := s.URL + "/code/.git"
	withLogin := strings.Replace(plain, "http://", "http://me:secret@", 1)
	wrong := strings.Replace(plain, "http://", "http://me:geheim@", 1)

	_, err := git.Resolve(context.Background(), remote(t, plain), "main")
	wantKind(t, err, git.ErrAuthentication, "credential.helper")
	_, err = git.Resolve(context.Background(), remote(t, wrong), "main")
	wantKind(t, err, git.ErrAuthentication)
	if strings.Contains(err.Error(), "geheim") {
		t.Errorf("the error shows the password: %v", err)
	}

	repos := t.TempDir()
	found := resolve(t, remote(t, withLogin), "main")
	bare := fetch(t, repos, remote(t, withLogin), found.Commit)
	if found.Commit != second || bare != remote(t, plain).Bare(repos) {
		t.Errorf("main is %s in %s", found.Commit, bare)
	}
	nowhere(t, repos, "secret")

	t.Run("git's credential helper", func(t *testing.T) {
		home := t.TempDir()
		t.Setenv("HOME", home)
		if err := os.WriteFile(filepath.Join(home, "login"), []byte(withLogin+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		runGit(t, "/", "", "config", "--file", filepath.Join(home, ".gitconfig"), "credential.helper", "store --file="+filepath.Join(home, "login"))
		repos := t.TempDir()
		found := resolve(t, remote(t, plain), "main")
		fetch(t, repos, remote(t, plain), found.Commit)
		nowhere(t, repos, "secret")
	})
	t.Run("by git itself", func(t *testing.T) {
		t.Setenv("GIT_CONFIG_COUNT", "1")
		t.Setenv("GIT_CONFIG_KEY_0", "http.lowSpeedLimit")
		t.Setenv("GIT_CONFIG_VALUE_0", "1")
		repos := t.TempDir()
		found := resolve(t, remote(t, withLogin), "main")
		fetch(t, repos, remote(t, withLogin), found.Commit)
		nowhere(t, repos, "secret")
	})
}

// nowhere fails if any file under dir holds the text.
func nowhere(t *testing.T, dir, text string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data)+path, text) {
			t.Errorf("%s holds the credentials", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestInsteadOf(t *testing.T) {
	r, first, _ := sample(t)
	s := serve(t, filepath.Dir(r.dir), "me:secret")
	for name, base := range map[string]string{
		"server": strings.Replace(s.URL, "http://", "http://me:secret@", 1) + "/",
		"folder": filepath.Dir(r.dir) + "/",
	} {
		for _, without := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				home := t.TempDir()
				t.Setenv("HOME", home)
				t.Setenv("XDG_CONFIG_HOME", home)
				config := filepath.Join(home, ".gitconfig")
				runGit(t, "/", "", "config", "--file", config, "url.http://127.0.0.1:1/.insteadOf", "https://code.invalid/")
				runGit(t, "/", "", "config", "--file", config, "url."+base+".insteadOf", "https://code.invalid/group/")
				if without {
					withoutGit(t)
				}
				repos := t.TempDir()
				from := remote(t, "https://code.invalid/group/code/.git")
				if found := resolve(t, from, "v1"); found.Commit != first {
					t.Errorf("v1 is %+v", found)
				}
				if bare := fetch(t, repos, from, first); bare != from.Bare(repos) {
					t.Errorf("the bare repository is %s", bare)
				}
				nowhere(t, repos, "secret")
				_, err := git.Resolve(context.Background(), from, "nope")
				wantKind(t, err, git.ErrNoRef, "https://code.invalid/group/code/.git")
			})
		}
	}
}

func TestProxyOfGitConfiguration(t *testing.T) {
	r, first, _ := sample(t)
	target, err := url.Parse(serve(t, filepath.Dir(r.dir), "").URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		if p.In.URL.Host != "code.invalid" {
			t.Errorf("the proxy was asked for %s", p.In.URL)
		}
		p.Out.URL.Scheme, p.Out.URL.Host = "http", target.Host
	}})
	t.Cleanup(proxy.Close)
	home := t.TempDir()
	t.Setenv("HOME", home)
	runGit(t, "/", "", "config", "--file", filepath.Join(home, ".gitconfig"), "http.proxy", proxy.URL)
	from := remote(t, "http://code.invalid/code/.git")
	for _, without := range []bool{false, true} {
		if without {
			withoutGit(t)
		}
		if found := resolve(t, from, "v1"); found.Commit != first {
			t.Errorf("v1 is %+v", found)
		}
		fetch(t, t.TempDir(), from, first)
	}
}
