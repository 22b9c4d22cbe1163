package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrUncommitted is the kind of fault of changes that no commit can be made from.
var ErrUncommitted = errors.New("uncommitted changes")

// maxUncommitted bounds the size, in bytes, of the changed files that are put into
// a repository without having been asked about one by one: a data set that nobody
// meant to commit stays out of it.
const maxUncommitted = 256 << 20

// privateRef is where a private commit is kept, so that git gc leaves it alone.
func privateRef(commit string) string { return "refs/runpipe/dirty/" + commit }

// Commit makes a private commit on top of the one that is checked out, with the
// working tree's uncommitted files as they are, and returns its id. The user's
// branch, index and stash stay as they are; the commit is under refs/runpipe/dirty
// and on no branch. The same changes on the same commit give the same id.
func (t *WorkingTree) Commit(ctx context.Context, r Remote) (string, error) {
	git, ok := findProgram()
	switch {
	case !ok:
		return "", fault(ErrUncommitted, "No git", fmt.Sprintf("A private commit of the changes in %s wants the git program, which is not installed here.", r))
	case len(t.submodules) > 0:
		return "", fault(ErrUncommitted, "Uncommitted changes in a submodule", fmt.Sprintf("A private commit of %s cannot hold what is changed inside of its submodule %s: commit it there first.", r, t.submodules[0]))
	}
	if size := t.size(); size > maxUncommitted {
		return "", fault(ErrUncommitted, "Large uncommitted files", fmt.Sprintf("The uncommitted files in %s hold %d MiB, more than belongs into a repository (%d MiB): list the data among them in .gitignore.", r, size>>20, maxUncommitted>>20))
	}
	id, err := t.commit(ctx, git)
	if err != nil {
		return "", fault(ErrUncommitted, "No private commit", fmt.Sprintf("The uncommitted changes in %s cannot be put into a private commit: %v.", r, err))
	}
	return id, nil
}

func (t *WorkingTree) size() (sum int64) {
	for _, file := range t.Files {
		if info, err := os.Lstat(filepath.Join(t.top, filepath.FromSlash(file))); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
	}
	return sum
}

// commit builds the tree in an index of its own, which begins as a copy of the
// user's: what that knows of unchanged files need not be read again.
func (t *WorkingTree) commit(ctx context.Context, git program) (string, error) {
	folder, err := os.MkdirTemp("", "runpipe-index-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(folder)
	own := filepath.Join(folder, "index")
	in := func(args ...string) (string, error) {
		out, err := git.output(ctx, append([]string{"-C", t.top, "-c", "core.fsmonitor=false", "-c", "core.splitIndex=false", "-c", "i18n.commitEncoding=UTF-8"}, args...)...)
		return strings.TrimRight(string(out), "\n"), err
	}
	if users, err := in("rev-parse", "--git-path", "index"); err == nil {
		copyIndex(t.top, users, own)
	}
	list := filepath.Join(folder, "files")
	if err := os.WriteFile(list, []byte(strings.Join(t.Files, "\x00")), 0o600); err != nil {
		return "", err
	}
	date, err := in("show", "--no-patch", "--format=%cI", "HEAD")
	if err != nil {
		return "", err
	}
	git.with = []string{
		"GIT_INDEX_FILE=" + own,
		"GIT_AUTHOR_NAME=runpipe", "GIT_AUTHOR_EMAIL=runpipe@localhost", "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=runpipe", "GIT_COMMITTER_EMAIL=runpipe@localhost", "GIT_COMMITTER_DATE=" + date,
	}
	// What was staged is taken back; what the working tree holds goes in.
	if _, err := in("read-tree", "--reset", "HEAD"); err != nil {
		return "", err
	}
	if _, err := in("--literal-pathspecs", "add", "--all", "--pathspec-from-file="+list, "--pathspec-file-nul"); err != nil {
		return "", err
	}
	tree, err := in("write-tree")
	if err != nil {
		return "", err
	}
	id, err := in("commit-tree", "--no-gpg-sign", "-p", "HEAD", "-m", "Uncommitted changes, as they were run", tree)
	if err != nil {
		return "", err
	}
	_, err = in("update-ref", privateRef(id), id)
	return id, err
}

// copyIndex copies the user's index, if there is one, with its time: git reads a
// file again that may have changed since the index was written, by comparing
// their times, and would take a younger copy's word for a change of the same
// second and size. Without an index all files are read.
func copyIndex(top, from, to string) {
	if !filepath.IsAbs(from) {
		from = filepath.Join(top, from)
	}
	info, err := os.Stat(from)
	if err != nil {
		return
	}
	data, err := os.ReadFile(from)
	if err != nil || os.WriteFile(to, data, 0o600) != nil {
		return
	}
	if os.Chtimes(to, info.ModTime(), info.ModTime()) != nil {
		_ = os.Remove(to) // then all files are read
	}
}
