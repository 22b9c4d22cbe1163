package git_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/git"
)

func TestPinOf(t *testing.T) {
	r, first, second := sample(t)
	repos := t.TempDir()
	bare := fetch(t, repos, remote(t, r.dir), first)
	fetch(t, repos, remote(t, r.dir), second)
	pin := func(commit string, paths ...string) git.Pin {
		t.Helper()
		p, err := git.PinOf(bare, commit, paths)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := pin(second); p.Commit != second || p.Tree != r.git("rev-parse", "HEAD^{tree}") || p.Digest != p.Tree {
		t.Errorf("the pin is %+v", p)
	}
	// The digest is part of stages' keys, and must never change: it is the sha256 of
	// "040000 <tree of src>\tsrc\0".
	if p := pin(first, "src"); p.Digest != "sha256:779f1dcfd94338b2a48aa66958d8992342ff6b00f24d346abb5dce8b352ab41a" {
		t.Errorf("the digest of src is %s", p.Digest)
	}
	if pin(first, "src").Digest != pin(second, "src").Digest {
		t.Error("a commit that leaves src alone changes its digest")
	}
	if pin(first, "src", "link").Digest != pin(first, "./link", "src/", "src/train.py").Digest {
		t.Error("the same paths in another order give another digest")
	}
	if pin(first, "src").Digest == pin(first, "src/data").Digest {
		t.Error("other paths give the same digest")
	}
	if p := pin(first, "src", "."); p.Digest != p.Tree {
		t.Errorf("everything gives the digest %s", p.Digest)
	}
	for _, path := range []string{"../x", "/etc", "", ".."} {
		_, err := git.PinOf(bare, first, []string{path})
		wantKind(t, err, git.ErrPath)
	}
	_, err := git.PinOf(bare, first, []string{"src/trian.py"})
	wantKind(t, err, git.ErrPath, `"src/trian.py"`, `Did you mean "src/train.py"?`)
	_, err = git.PinOf(bare, first, []string{"train.py"})
	wantKind(t, err, git.ErrPath, "src/train.py")
	_, err = git.PinOf(bare, first, []string{"link/train.py"})
	wantKind(t, err, git.ErrPath)
}

func TestReadFile(t *testing.T) {
	r, first, _ := sample(t)
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("src", "folder")
	link("folder/train.py", "twice")
	link("circle", "circle")
	link("/etc/passwd", "out")
	link("../code/src/train.py", "over")
	commit := r.commit("links", nil)
	bare := fetch(t, t.TempDir(), remote(t, r.dir), commit)
	for _, name := range []string{"src/train.py", "link", "folder/train.py", "twice", "./src/../src/train.py"} {
		if data, err := git.ReadFile(bare, commit, name); err != nil || string(data) != "print(1)\n" {
			t.Errorf("%s reads %q, %v", name, data, err)
		}
	}
	for _, name := range []string{"src", "folder", "circle", "out", "over", "../x", "/etc/passwd", "absent", "requirements.txt/x"} {
		_, err := git.ReadFile(bare, commit, name)
		wantKind(t, err, git.ErrPath)
	}
	_, err := git.ReadFile(bare, commit, "requirement.txt")
	wantKind(t, err, git.ErrPath, `Did you mean "requirements.txt"?`)
	_, err = git.ReadFile(bare, first, "src/train.py")
	wantKind(t, err, git.ErrGone, "fetch it first")
}

func TestCheckoutPaths(t *testing.T) {
	r, first, _ := sample(t)
	bare := fetch(t, t.TempDir(), remote(t, r.dir), first)
	dest := checkout(t, bare, first, "src/data", "requirements.txt")
	var found []string
	filepath.WalkDir(dest, func(path string, d os.DirEntry, err error) error {
		if !d.IsDir() {
			rel, _ := filepath.Rel(dest, path)
			found = append(found, rel)
		}
		return err
	})
	if !slices.Equal(found, []string{"requirements.txt", "src/data/a.txt"}) {
		t.Errorf("the checkout holds %v", found)
	}
	// The link's target is not among the paths: it leads nowhere, and not out.
	checkout(t, bare, first, "link")
	err := git.Checkout(context.Background(), bare, first, nil, "", dest)
	if err == nil || !strings.Contains(err.Error(), "not an empty folder") {
		t.Errorf("a folder that is not empty gives %v", err)
	}
}

// tree makes a commit of a tree written by hand: lines of git mktree, of which git
// itself would refuse some.
func (r repository) tree(t *testing.T, lines ...string) string {
	t.Helper()
	var raw strings.Builder
	for _, line := range lines {
		meta, name, _ := strings.Cut(line, "\t")
		fields := strings.Fields(meta)
		raw.WriteString(strings.TrimLeft(fields[0], "0") + " " + name + "\x00")
		for i := 0; i < 40; i += 2 {
			var b byte
			fmt.Sscanf(fields[1][i:i+2], "%02x", &b)
			raw.WriteByte(b)
		}
	}
	return runGit(t, r.dir, raw.String(), "hash-object", "-t", "tree", "-w", "--stdin", "--literally")
}

func (r repository) blob(t *testing.T, content string) string {
	return runGit(t, r.dir, content, "hash-object", "-w", "--stdin")
}

func TestCheckoutRefusesAttacks(t *testing.T) {
	r := newRepository(t)
	evil := r.blob(t, "evil")
	link := func(target string) string { return r.blob(t, target) }
	sub := r.tree(t, "100644 "+evil+"\tx")
	for name, lines := range map[string][]string{
		"dot dot":                        {"40000 " + sub + "\t.."},
		"dot":                            {"40000 " + sub + "\t."},
		"git folder":                     {"40000 " + sub + "\t.git"},
		"git folder in capitals":         {"40000 " + sub + "\t.GIT"},
		"git folder of HFS+":             {"40000 " + sub + "\t.g\u200cit"},
		"git folder of NTFS":             {"40000 " + sub + "\tgit~1"},
		"git folder with a dot":          {"40000 " + sub + "\t.git. "},
		"git folder as a stream":         {"40000 " + sub + "\t.git::$INDEX_ALLOCATION"},
		"git folder deep down":           {"40000 " + r.tree(t, "40000 "+r.tree(t, "100644 "+evil+"\t.Git")+"\tb") + "\ta"},
		"slash":                          {"100644 " + evil + "\t../evil"},
		"absolute":                       {"100644 " + evil + "\t/tmp/evil"},
		"link and folder of one name":    {"120000 " + link("b") + "\ta", "40000 " + sub + "\ta"},
		"folder and link of one name":    {"40000 " + sub + "\ta", "120000 " + link("b") + "\ta"},
		"link upwards":                   {"120000 " + link("..") + "\ta"},
		"link upwards, deep":             {"40000 " + r.tree(t, "120000 "+link("../../etc/passwd")+"\tb") + "\ta"},
		"absolute link":                  {"120000 " + link("/etc/passwd") + "\ta"},
		"link that is empty":             {"120000 " + link("") + "\ta"},
		"link with a NUL":                {"120000 " + link("a\x00b") + "\ta"},
		"link of 5,000 bytes":            {"120000 " + link(strings.Repeat("a", 5000)) + "\ta"},
		"link over a link":               {"120000 " + link("s/up/../..") + "\ta", "40000 " + r.tree(t, "120000 "+link("..")+"\tup") + "\ts"},
		"link over a link to the parent": {"120000 " + link("s/up/../../etc/passwd") + "\ta", "40000 " + r.tree(t, "120000 "+link("..")+"\tup") + "\ts"},
	} {
		t.Run(name, func(t *testing.T) {
			commit := runGit(t, r.dir, "", "commit-tree", "-m", "evil", r.tree(t, lines...))
			outside := t.TempDir()
			dest := filepath.Join(outside, "in", "tree")
			bare, err := git.Fetch(context.Background(), t.TempDir(), remote(t, r.dir), commit, git.FetchOptions{})
			if err == nil {
				err = git.Checkout(context.Background(), bare, commit, nil, "", dest)
			}
			wantKind(t, err, git.ErrUnsafe)
			found, _ := filepath.Glob(filepath.Join(outside, "*"))
			more, _ := filepath.Glob(filepath.Join(outside, "in", "*"))
			for _, path := range append(found, more...) {
				if path != dest && path != filepath.Dir(dest) {
					t.Errorf("%s was written", path)
				}
			}
		})
	}
}

// Odd, but allowed.
func TestCheckoutOddNames(t *testing.T) {
	r := newRepository(t)
	for _, name := range []string{"a b", "ä/ö.txt", "quote\"'$(id)", "new\nline", "back\\slash", ".gitignore", ".github/x", "git", "-rf", "...", "a.git/x", "A/x", "a/x"} {
		path := filepath.Join(r.dir, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte("content"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for target, name := range map[string]string{"a/x": "in", "../a/x": "A/up", "nowhere": "dangling", "self": "self", "a/x/y": "through-a-file", "new\nline": "odd"} {
		if err := os.Symlink(target, filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	os.WriteFile(filepath.Join(r.dir, "empty"), nil, 0o644)
	commit := r.commit("odd", nil)
	bare := fetch(t, t.TempDir(), remote(t, r.dir), commit)
	same(t, r.dir, checkout(t, bare, commit))
}

// Content is never changed: no filter, no attribute, no line endings, no LFS.
func TestCheckoutLeavesContentAlone(t *testing.T) {
	r := newRepository(t)
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("0", 64) + "\nsize 1\n"
	r.commit("one", map[string]string{"crlf.txt": "a\r\nb\r\n", "weights.bin": pointer})
	commit := r.commit("two", map[string]string{".gitattributes": "*.txt text eol=crlf ident\n*.bin filter=lfs\n"})
	dest := checkout(t, fetch(t, t.TempDir(), remote(t, r.dir), commit), commit)
	for name, want := range map[string]string{"weights.bin": pointer, "crlf.txt": r.git("show", commit+":crlf.txt") + "\n"} {
		data, err := os.ReadFile(filepath.Join(dest, name))
		if err != nil || strings.TrimSpace(string(data)) != strings.TrimSpace(want) {
			t.Errorf("%s is %q, %v; want %q", name, data, err, want)
		}
	}
}

func TestVerify(t *testing.T) {
	r, _, second := sample(t)
	bare := fetch(t, t.TempDir(), remote(t, r.dir), second)
	write := func(name, content string) func(dir string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644) }
	}
	for want, change := range map[string]func(dir string) error{
		"src/train.py has other content":          write("src/train.py", "print(2)\n"),
		"extra is not in the commit":              write("extra", ""),
		"src/train.py is missing":                 func(dir string) error { return os.Remove(filepath.Join(dir, "src/train.py")) },
		"run.sh has another executable bit":       func(dir string) error { return os.Chmod(filepath.Join(dir, "run.sh"), 0o644) },
		"requirements.txt has another executable": func(dir string) error { return os.Chmod(filepath.Join(dir, "requirements.txt"), 0o755) },
		"made is not in the commit":               func(dir string) error { return os.Mkdir(filepath.Join(dir, "made"), 0o755) },
		"link points elsewhere": func(dir string) error {
			os.Remove(filepath.Join(dir, "link"))
			return os.Symlink("x", filepath.Join(dir, "link"))
		},
		"link is not a symbolic link": func(dir string) error {
			os.Remove(filepath.Join(dir, "link"))
			return write("link", "src/train.py")(dir)
		},
		"requirements.txt is not a file": func(dir string) error {
			os.Remove(filepath.Join(dir, "requirements.txt"))
			return os.Symlink("run.sh", filepath.Join(dir, "requirements.txt"))
		},
		"docs/readme.md is missing; src/data/a.tx": func(dir string) error {
			os.RemoveAll(filepath.Join(dir, "src"))
			return os.RemoveAll(filepath.Join(dir, "docs"))
		},
	} {
		dest := checkout(t, bare, second)
		if err := change(dest); err != nil {
			t.Fatal(err)
		}
		wantKind(t, git.Verify(dest, bare, second, nil, false), git.ErrDiffers, want)
	}
	dest := checkout(t, bare, second)
	for n := range 9 {
		if err := write(fmt.Sprintf("new%d", n), "")(dest); err != nil {
			t.Fatal(err)
		}
	}
	wantKind(t, git.Verify(dest, bare, second, nil, false), git.ErrDiffers, "new4", "and 4 more")
}
