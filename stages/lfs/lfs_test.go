package lfs_test

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/lfs"
	"github.com/runpipe/runpipe/stages/lfs/lfstest"
)

func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "runpipe-home-")
	if err != nil {
		panic(err)
	}
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": home, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
	} {
		os.Setenv(name, value)
	}
	settings := "[protocol \"file\"]\n\tallow = always\n[filter \"lfs\"]\n\tclean = git-lfs clean -- %f\n\tsmudge = git-lfs smudge -- %f\n\tprocess = git-lfs filter-process\n\trequired = true\n"
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(settings), 0o600); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(home)
	os.Exit(code)
}

func run(t testing.TB, dir string, words ...string) string {
	t.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func write(t testing.TB, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

var big = strings.Repeat("a large file, line after line\n", 20_000)

// site is a folder with bare repositories that were pushed to with git-lfs.
type site struct {
	testing.TB
	dir    string // of the bare repositories
	commit string // of code.git
	pushed string // the working tree that was pushed
}

func newSite(t testing.TB) *site {
	t.Helper()
	lfstest.Need(t)
	s := &site{TB: t, dir: t.TempDir()}
	sub := s.repository("models", map[string]string{".gitattributes": "*.pt filter=lfs\n", "m.pt": "weights of a submodule",
		"plain.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("ab", 32) + "\nsize 12\n", // the outer repository's rules are not for it
	})
	run(t, s.dir, "git", "clone", "-q", "--bare", sub, "models.git")
	s.objects(sub, "models.git")

	dir := s.repository("code", map[string]string{
		".gitattributes":      "*.bin filter=lfs diff=lfs merge=lfs -text\nmy[[:space:]]file filter=lfs\n/data/**/*.csv filter=lfs\n/whole/** filter=lfs\n",
		"a.bin":               big,
		"copy.bin":            big,
		"run.bin":             "#!/bin/sh\n",
		"empty.bin":           "",
		"my file":             "spaces",
		"data/deep/x.csv":     "1,2\n",
		"data/plain/x.csv":    "not in lfs\n",
		"data/.gitattributes": "plain/** -filter\n",
		"whole/f":             "all of a folder",
		"src/train.py":        "print(1)\n",
		"src/pointer.txt":     "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("ab", 32) + "\nsize 12\n",
	})
	if err := os.Chmod(filepath.Join(dir, "run.bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "git", "submodule", "--quiet", "add", "../models.git", "sub")
	run(t, dir, "git", "add", "--all")
	run(t, dir, "git", "commit", "-q", "--amend", "-m", "Begin")
	s.commit, s.pushed = run(t, dir, "git", "rev-parse", "HEAD"), dir
	run(t, s.dir, "git", "clone", "-q", "--bare", dir, "code.git")
	run(t, s.dir, "git", "-C", "code.git", "remote", "remove", "origin")
	s.objects(dir, "code.git")
	return s
}

// repository makes a repository by git with git-lfs, whose origin is beside it.
func (s *site) repository(name string, files map[string]string) string {
	s.Helper()
	dir := filepath.Join(s.TempDir(), name)
	run(s, ".", "git", "init", "-q", "-b", "main", dir)
	run(s, dir, "git", "remote", "add", "origin", filepath.Join(s.dir, name+".git"))
	for path, content := range files {
		write(s, filepath.Join(dir, path), content, 0o644)
	}
	run(s, dir, "git", "add", "--all")
	run(s, dir, "git", "commit", "-q", "-m", "Begin")
	return dir
}

// objects gives a bare repository what git lfs push would.
func (s *site) objects(from, bare string) {
	s.Helper()
	run(s, from, "cp", "-r", ".git/lfs", filepath.Join(s.dir, bare, "lfs"))
}

// fetched brings the commit and its large files into a workspace.
func fetched(t testing.TB, address, commit string, paths ...string) (bare, large string, err error) {
	t.Helper()
	r, err := git.ParseRemote(address, "/")
	if err != nil {
		t.Fatal(err)
	}
	workspace := t.TempDir()
	large = filepath.Join(workspace, "data")
	bare, err = git.Fetch(t.Context(), filepath.Join(workspace, "repos"), r, commit, git.FetchOptions{Paths: paths})
	if err != nil {
		t.Fatal(err)
	}
	files, err := git.LFSFiles(bare, commit, paths)
	if err != nil {
		t.Fatal(err)
	}
	return bare, large, lfs.Fetch(t.Context(), lfs.Wanted{Remote: r, Bare: bare, Commit: commit, Files: files}, large, nil)
}

// asGit compares our checkout with the working tree that was pushed.
func (s *site) asGit(bare, large string) {
	s.Helper()
	dest := filepath.Join(s.TempDir(), "tree")
	if err := git.Checkout(s.Context(), bare, s.commit, nil, large, dest); err != nil {
		s.Fatal(err)
	}
	if err := git.Verify(dest, bare, s.commit, nil, true); err != nil {
		s.Fatal(err)
	}
	run(s, ".", "diff", "-r", "--no-dereference", "-x", ".git", s.pushed, dest)
	if info, err := os.Stat(filepath.Join(dest, "run.bin")); err != nil || info.Mode()&0o100 == 0 {
		s.Errorf("a program is not executable: %v, %v", info, err)
	}
	if err := git.Verify(dest, bare, s.commit, nil, false); !errors.Is(err, git.ErrDiffers) {
		s.Errorf("the content of large files is taken for their pointers: %v", err)
	}
	if err := os.Remove(filepath.Join(dest, "a.bin")); err != nil {
		s.Fatal(err)
	}
	write(s, filepath.Join(dest, "a.bin"), strings.ToUpper(big), 0o644)
	if err := git.Verify(dest, bare, s.commit, nil, true); !errors.Is(err, git.ErrDiffers) || !strings.Contains(err.Error(), "a.bin has other content") {
		s.Errorf("another content gives %v", err)
	}
}

// A repository on this machine is checked out as git does with git-lfs.
func TestFromAFolder(t *testing.T) {
	s := newSite(t)
	for name, address := range map[string]string{"bare": filepath.Join(s.dir, "code.git"), "working tree": s.pushed, "file URL": "file://" + filepath.Join(s.dir, "code.git")} {
		t.Run(name, func(t *testing.T) {
			bare, large, err := fetched(t, address, s.commit)
			if err != nil {
				t.Fatal(err)
			}
			s.asGit(bare, large)
			if info, err := os.Stat(filepath.Join(large, sum(big))); err != nil || info.Mode().Perm() != 0o444 {
				t.Errorf("the content is kept as %v, %v", info, err)
			}
		})
	}
	bare, large, err := fetched(t, s.pushed, s.commit, "data")
	if err != nil {
		t.Fatal(err)
	}
	if kept, _ := os.ReadDir(large); len(kept) != 1 {
		t.Errorf("for data/deep alone %d files are brought", len(kept))
	}
	dest := filepath.Join(t.TempDir(), "pointers")
	if err := git.Checkout(t.Context(), bare, s.commit, []string{"data"}, "", dest); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(dest, "data/deep/x.csv")); err != nil || !strings.HasPrefix(string(data), "version https://git-lfs") {
		t.Errorf("without a folder the pointer is not left: %q, %v", data, err)
	}
	if err := git.Checkout(t.Context(), bare, s.commit, []string{"a.bin"}, large, filepath.Join(t.TempDir(), "all")); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "in Git LFS") {
		t.Errorf("a missing content gives %v", err)
	}
}

func sum(content string) string {
	words := strings.Fields(shaOf(content))
	return words[0]
}

func shaOf(content string) string {
	cmd := exec.Command("sha256sum")
	cmd.Stdin = strings.NewReader(content)
	out, _ := cmd.Output()
	return string(out)
}

func wantFault(t *testing.T, err error, summary string, words ...string) {
	t.Helper()
	var f *download.Fault
	if !errors.As(err, &f) || f.Summary != summary {
		t.Fatalf("the error is %v, want %s", err, summary)
	}
	for _, word := range words {
		if !strings.Contains(f.Detail, word) {
			t.Errorf("%q does not say %q", f.Detail, word)
		}
	}
}

// What was never fetched there, and what is damaged, is told.
func TestMissingContent(t *testing.T) {
	s := newSite(t)
	object := filepath.Join(s.dir, "code.git/lfs/objects", sum(big)[:2], sum(big)[2:4], sum(big))
	if err := os.Chmod(object, 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, object, strings.ToUpper(big), 0o644)
	_, large, err := fetched(t, filepath.Join(s.dir, "code.git"), s.commit)
	wantFault(t, err, "Git LFS content missing", "a.bin", "git lfs fetch", sum(big))
	if _, err := os.Stat(filepath.Join(large, sum(strings.ToUpper(big)))); err == nil {
		t.Error("a damaged content is kept")
	}
	if left, _ := filepath.Glob(filepath.Join(large, "part-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A server is asked by the batch API, in which its host of objects learns no login.
func TestFromAServer(t *testing.T) {
	s := newSite(t)
	server := lfstest.Serve(t, s.dir)
	bare, large, err := fetched(t, server.URL+"/code.git", s.commit)
	if err != nil {
		t.Fatal(err)
	}
	s.asGit(bare, large)
	if server.Asked("batch") != 2 || server.Asked("object") != 6 { // of two repositories; two files are the same
		t.Errorf("%d batches and %d objects were asked for", server.Asked("batch"), server.Asked("object"))
	}

	server.User, server.Password = "ada", "s3cr3t"
	private := strings.Replace(server.URL, "http://", "http://ada:s3cr3t@", 1) + "/code"
	if _, _, err := fetched(t, private, s.commit, "a.bin"); err != nil {
		t.Fatal(err)
	}
	if leaks := server.Leaks(); len(leaks) > 0 {
		t.Errorf("the host of objects is told %q", leaks)
	}
	server.Lose()
	_, _, err = fetched(t, private, s.commit, "a.bin")
	wantFault(t, err, "Git LFS content missing", "a.bin", "Object does not exist", "git lfs push")
	if strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("the error shows the password: %v", err)
	}
}

// A login that git remembers opens the LFS server too.
func TestACredentialHelper(t *testing.T) {
	s := newSite(t)
	server := lfstest.Serve(t, s.dir)
	server.User, server.Password = "ada", "s3cr3t"
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "credential.helper")
	t.Setenv("GIT_CONFIG_VALUE_0", `!f() { test "$1" = get && printf 'username=ada\npassword=s3cr3t\n'; }; f`)
	bare, large, err := fetched(t, server.URL+"/code.git", s.commit)
	if err != nil {
		t.Fatal(err)
	}
	s.asGit(bare, large)

	open := lfstest.Serve(t, s.dir)
	write(t, filepath.Join(s.pushed, ".lfsconfig"), "[lfs]\n\turl = "+server.URL+"/code.git/info/lfs\n", 0o644)
	run(t, s.pushed, "git", "add", ".lfsconfig")
	run(t, s.pushed, "git", "commit", "-q", "-m", "Another server")
	run(t, s.pushed, "git", "push", "-q", "--no-verify", filepath.Join(s.dir, "code.git"), "main")
	commit := run(t, s.pushed, "git", "rev-parse", "HEAD")
	before := server.Asked("batch")
	if _, _, err := fetched(t, open.URL+"/code.git", commit, "a.bin"); err != nil || server.Asked("batch") != before+1 || open.Asked("batch") != 0 {
		t.Errorf("the server of .lfsconfig is not asked: %v", err)
	}
	t.Setenv("GIT_CONFIG_VALUE_0", "")
	_, _, err = fetched(t, open.URL+"/code.git", commit, "a.bin")
	wantFault(t, err, "Login wanted", "a.bin", "credential.helper")
}

// A download that was cut off goes on, although its address is another each time.
func TestResume(t *testing.T) {
	s := newSite(t)
	server := lfstest.Serve(t, s.dir)
	server.Cut(300_000)
	_, large, err := fetched(t, server.URL+"/code.git", s.commit, "a.bin")
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(large, sum(big))); err != nil || string(data) != big || server.Asked("range") != 1 {
		t.Errorf("%d bytes, %v; %d requests for a part", len(data), err, server.Asked("range"))
	}

	// Another process gets another address.
	r, err := git.ParseRemote(server.URL+"/code.git", "/")
	if err != nil {
		t.Fatal(err)
	}
	bare, err := git.Fetch(t.Context(), filepath.Join(t.TempDir(), "repos"), r, s.commit, git.FetchOptions{Paths: []string{"a.bin"}})
	if err != nil {
		t.Fatal(err)
	}
	files, err := git.LFSFiles(bare, s.commit, []string{"a.bin"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	wanted, dir := lfs.Wanted{Remote: r, Bare: bare, Commit: s.commit, Files: files}, filepath.Join(t.TempDir(), "data")
	server.Cut(300_000)
	err = lfs.Fetch(ctx, wanted, dir, func(_ string, done, _ int64) {
		if done >= 300_000 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the first download ended with %v", err)
	}
	if err := lfs.Fetch(t.Context(), wanted, dir, nil); err != nil || server.Asked("range") != 2 {
		t.Errorf("%v; %d requests for a part", err, server.Asked("range"))
	}
}

// Over SSH the host is asked where its objects are, and for a login there.
func TestOverSSH(t *testing.T) {
	s := newSite(t)
	server := lfstest.Serve(t, s.dir)
	server.User, server.Password = "ada", "s3cr3t"
	bin := t.TempDir()
	log := filepath.Join(bin, "log")
	write(t, filepath.Join(bin, "ssh"), `#!/bin/sh
while [ "${1#-}" != "$1" ]; do
  case "$1" in -o | -p) shift 2 ;; *) shift ;; esac
done
host=$1
shift
case "$*" in
  git-lfs-authenticate*)
    echo "$host $*" >>`+log+`
    printf '{"href": "%s", "header": {"Authorization": "Basic %s"}}' `+server.URL+`/code.git/info/lfs `+base64.StdEncoding.EncodeToString([]byte("ada:s3cr3t"))+` ;;
  *) exec sh -c "$*" ;;
esac
`, 0o755)
	t.Setenv("GIT_SSH_COMMAND", filepath.Join(bin, "ssh"))
	_, large, err := fetched(t, "ssh://me@host.example.org:2222"+s.dir+"/code.git", s.commit, "a.bin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(large, sum(big))); err != nil {
		t.Error(err)
	}
	if said, err := os.ReadFile(log); err != nil || string(said) != "me@host.example.org git-lfs-authenticate "+s.dir+"/code.git download\n" {
		t.Errorf("ssh was asked %q, %v", said, err)
	}
	if leaks := server.Leaks(); len(leaks) > 0 {
		t.Errorf("the host of objects is told %q", leaks)
	}

	write(t, filepath.Join(bin, "ssh"), "#!/bin/sh\ncase \"$*\" in *git-lfs-authenticate*) echo 'unknown command' >&2; exit 127 ;; esac\nwhile [ \"${1#-}\" != \"$1\" ]; do shift 2; done\nshift\nexec sh -c \"$*\"\n", 0o755)
	_, _, err = fetched(t, "ssh://me@host.example.org"+s.dir+"/code.git", s.commit, "a.bin")
	if err == nil || !strings.Contains(err.Error(), "git-lfs-authenticate: unknown command") {
		t.Errorf("a host without Git LFS gives %v", err)
	}
}
