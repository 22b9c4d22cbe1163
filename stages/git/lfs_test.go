package git_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/git"
)

// pointer is one as git-lfs writes it.
func pointer(oid string, size int) string {
	return fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", oid, size)
}

// attributeLines are lines of .gitattributes, each tried in a folder of its own on the
// same files.
var attributeLines = []string{
	"*.bin filter=lfs", "a.bin filter=lfs", "/a.bin filter=lfs", "deep/a.bin filter=lfs", "/deep/*.bin filter=lfs", "deep/ filter=lfs", "/ filter=lfs",
	"deep filter=lfs", "deep/** filter=lfs", "**/a.bin filter=lfs", "deep/**/a.bin filter=lfs", "**/deep/* filter=lfs", "** filter=lfs", "*/** filter=lfs",
	"a[.]bin filter=lfs", "[!b].bin filter=lfs", "[a-c].bin filter=lfs", "?.bin filter=lfs", "a\\.bin filter=lfs", "[[:alpha:]].bin filter=lfs",
	"with[[:space:]]space.bin filter=lfs", "\"with space.bin\" filter=lfs", "*.bin filter=lfs\na.bin -filter", "*.bin filter=lfs\na.bin !filter",
	"*.bin filter=lfs\na.bin filter=other", "a.bin -filter\n*.bin filter=lfs", "# *.bin filter=lfs", "!*.bin filter=lfs", "*.bin large", "*.bin -large", "*.bin text filter=lfs diff=lfs",
	"*.BIN filter=lfs", "deep/*/a.bin filter=lfs", "*.b?n filter=lfs", "[a.bin filter=lfs", "ä.bin filter=lfs", "d**p/a.bin filter=lfs", "\t*.bin\tfilter=lfs\t",
	"*.bin filter", "*.bin filter=lfs -filter", "*.bin filter=", "a*n filter=lfs", "deep/*n filter=lfs", "*n filter=lfs",
}

// Which files Git LFS keeps is what git says that their filter is.
func TestLFSFilesAreThoseOfGit(t *testing.T) {
	r := newRepository(t)
	files := map[string]string{".gitattributes": "[attr]large filter=lfs\n"}
	oid := strings.Repeat("ab", 32)
	for i, lines := range attributeLines {
		folder := fmt.Sprintf("%02d/", i)
		files[folder+".gitattributes"] = lines + "\n"
		for _, name := range []string{"a.bin", "b.bin", "deep/a.bin", "deep/er/a.bin", "deep/er/still/a.bin", "with space.bin", "ä.bin", "[a.bin", "a.txt", "deep/b.bin"} {
			files[folder+name] = pointer(oid, 12)
		}
	}
	commit := r.commit("attributes", files)
	bare := fetch(t, t.TempDir(), remote(t, r.dir), commit)
	found, err := git.LFSFiles(bare, commit, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, f := range found {
		got[f.Path] = true
		if f.OID != oid || f.Size != 12 {
			t.Errorf("the pointer is read as %+v", f)
		}
	}
	listed := runGit(t, r.dir, "", "ls-files", "-z")
	said := strings.Split(runGit(t, r.dir, listed, "check-attr", "--stdin", "-z", "filter"), "\x00")
	for part := range slices.Chunk(said[:len(said)-1], 3) {
		if path, want := part[0], part[2] == "lfs"; got[path] != want && !strings.HasSuffix(path, ".gitattributes") {
			t.Errorf("%s with %q: it is in Git LFS: %v, and git says %q", path, attributeLines[int(path[0]-'0')*10+int(path[1]-'0')], got[path], part[2])
		}
	}
	if len(found) < 50 {
		t.Errorf("only %d files are found", len(found))
	}
}

// Each folder is read once, however many others are beside it, and no rule costs a
// file much: a model's repository has forty. What is done is counted by what is
// allocated for it.
func TestLFSFilesOfManyFoldersAndRules(t *testing.T) {
	cost := func(folders, rules int) float64 {
		files := map[string]string{".gitattributes": ""}
		for i := range rules {
			files[".gitattributes"] += fmt.Sprintf("*.b%d filter=lfs\n", i)
		}
		for i := range folders {
			files[fmt.Sprintf("data/%04d/a.txt", i)] = "text"
		}
		r := newRepository(t)
		commit := r.commit("folders", files)
		bare := fetch(t, t.TempDir(), remote(t, r.dir), commit)
		return testing.AllocsPerRun(1, func() {
			if found, err := git.LFSFiles(bare, commit, nil); err != nil || len(found) > 0 {
				t.Errorf("%+v, %v", found, err)
			}
		})
	}
	few, many := cost(50, 1), cost(800, 1)
	if many > 32*few {
		t.Errorf("16 times as many folders cost %.0f times as much", many/few)
	}
	if ruled := cost(800, 40); ruled > 2*many {
		t.Errorf("40 times as many rules cost %.0f times as much", ruled/many)
	}
}

// What only looks like a pointer is a file like any other.
func TestWhatIsNoPointer(t *testing.T) {
	oid := strings.Repeat("ab", 32)
	r := newRepository(t)
	commit := r.commit("pointers", map[string]string{
		".gitattributes": "*.bin filter=lfs\n", "good.bin": pointer(oid, 5), "upper.bin": pointer(strings.ToUpper(oid), 5), "short.bin": pointer(oid[1:], 5),
		"minus.bin": pointer(oid, -5), "more.bin": pointer(oid, 5) + "more\n", "long.bin": pointer(oid, 5) + strings.Repeat("x", 2000), "text.bin": "text", "empty.bin": "",
		"huge.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:" + oid + "\nsize 99999999999999999999\n",
	})
	bare := fetch(t, t.TempDir(), remote(t, r.dir), commit)
	found, err := git.LFSFiles(bare, commit, nil)
	if err != nil || len(found) != 1 || found[0].Path != "good.bin" {
		t.Errorf("found %+v, %v", found, err)
	}
	if f, err := git.LFSFileAt(bare, commit, "good.bin"); err != nil || f.OID != oid {
		t.Errorf("%+v, %v", f, err)
	}
	_, err = git.LFSFileAt(bare, commit, "text.bin")
	wantKind(t, err, git.ErrPath, "not in Git LFS", "paths")
	_, err = git.LFSFileAt(bare, commit, "god.bin")
	wantKind(t, err, git.ErrPath, "Did you mean")
}
