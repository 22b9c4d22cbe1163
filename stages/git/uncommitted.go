package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	gogit "github.com/go-git/go-git/v5"
)

// Scope says which files of a working tree count.
type Scope struct {
	Paths  []string // only these, relative to the repository's top; none: all
	Except []string // absolute paths of files that do not count
}

// WorkingTree is what a repository of this machine has checked out, and what was
// not committed of it.
type WorkingTree struct {
	Head  string   // "refs/heads/main", or the commit of a detached HEAD
	Files []string // changed, deleted, or new and not ignored; sorted, relative to the top

	top        string
	submodules []string // among Files: those that have changes inside
}

// Uncommitted looks at the working tree that a repository belongs to. A remote or a
// bare repository has none, which is nil; one without a commit has no changes. What runpipe writes itself, workspaces
// and lock files, never counts: nothing that runs is made from it.
func Uncommitted(ctx context.Context, r Remote, of Scope) (*WorkingTree, error) {
	if !r.Local() {
		return nil, nil
	}
	dir, err := gitDir(r)
	if err != nil {
		return nil, err
	}
	top, ok := workTop(r, dir)
	if !ok {
		return nil, nil
	}
	paths, err := cleanPaths(of.Paths)
	if err != nil {
		return nil, err
	}
	tree := &WorkingTree{top: top, Head: headOf(dir)}
	files, err := tree.status(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("looking for uncommitted changes in %s: %w", r, err)
	}
	except := tree.inside(of.Except)
	for _, file := range files {
		name := strings.TrimSuffix(file, "/") // a repository in the repository ends with a slash
		if !ours(name) && !slices.Contains(except, name) && (len(paths) == 0 || slices.Contains(paths, name) || within(name, paths)) {
			tree.Files = append(tree.Files, file)
		}
	}
	return tree, nil
}

// Has reports whether ref stands for what is checked out: it is the branch, or
// names none. A tag or a commit is asked for as it is.
func (t *WorkingTree) Has(ref string) bool {
	if ref == "" || ref == "HEAD" {
		return true
	}
	return t.Head == ref || t.Head == "refs/"+ref || t.Head == "refs/heads/"+ref
}

// ours reports whether a file is one that runpipe writes.
func ours(name string) bool {
	return strings.HasSuffix(name, ".lock.hcl") || slices.Contains(strings.Split(name, "/"), ".runpipe")
}

// workTop is the folder whose files the git directory dir tracks.
func workTop(r Remote, dir string) (string, bool) {
	top := r.url
	if info, err := os.Stat(top); err == nil && !info.IsDir() {
		top = filepath.Dir(top)
	}
	for ; ; top = filepath.Dir(top) {
		if found, ok := gitDirOf(top); ok {
			bare := found == top
			top, err := filepath.EvalSymlinks(top)
			return top, err == nil && found == dir && !bare
		}
		if top == filepath.Dir(top) {
			return "", false
		}
	}
}

func headOf(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, "HEAD"))
	if err != nil {
		return ""
	}
	head, _ := strings.CutPrefix(strings.TrimSpace(string(data)), "ref: ")
	return head
}

// inside makes absolute paths relative to the top, as far as they are below it.
func (t *WorkingTree) inside(files []string) []string {
	var names []string
	for _, file := range files {
		folder, err := filepath.EvalSymlinks(filepath.Dir(file))
		if err != nil {
			continue
		}
		if name, err := filepath.Rel(t.top, filepath.Join(folder, filepath.Base(file))); err == nil {
			names = append(names, filepath.ToSlash(name))
		}
	}
	return names
}

// status lists what differs from the last commit. git is much quicker than go-git
// on a large tree, but refuses the repositories of other users.
func (t *WorkingTree) status(ctx context.Context, r Remote) ([]string, error) {
	git, installed := findProgram()
	var said error
	if installed {
		// Without locks: the user's own git may be at work.
		out, err := git.output(ctx, "--no-optional-locks", "-C", t.top, "-c", "core.fsmonitor=false",
			"status", "--porcelain=v2", "--branch", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=none")
		if err == nil && strings.HasPrefix(string(out), "# branch.oid (initial)") {
			return nil, nil
		}
		if err == nil {
			return t.parse(string(out)), nil
		}
		said = err
	}
	files, err := slowStatus(t.top)
	if err != nil {
		return nil, errors.Join(said, explain(ctx, r, err))
	}
	return files, nil
}

// parse reads the records of git-status(1), porcelain format version 2: the path
// stands last, behind eight fields, or ten while a merge is not resolved.
func (t *WorkingTree) parse(out string) []string {
	var files []string
	for record := range strings.SplitSeq(out, "\x00") {
		kind, _, _ := strings.Cut(record, " ")
		fields := map[string]int{"?": 2, "1": 9, "u": 11}[kind]
		parts := strings.SplitN(record, " ", fields)
		if fields == 0 || len(parts) < fields {
			continue
		}
		file := parts[fields-1]
		files = append(files, file)
		if kind == "1" && parts[2][0] == 'S' && strings.ContainsAny(parts[2][2:], "MU") {
			t.submodules = append(t.submodules, file)
		}
	}
	slices.Sort(files)
	return slices.Compact(files) // what is gone from the index and there all the same is told twice
}

func slowStatus(top string) ([]string, error) {
	opened, err := gogit.PlainOpenWithOptions(top, &gogit.PlainOpenOptions{EnableDotGitCommonDir: true})
	if err != nil {
		return nil, err
	}
	work, err := opened.Worktree()
	if err != nil {
		return nil, err
	}
	status, err := work.Status()
	if err != nil {
		return nil, err
	}
	var files []string
	for file, s := range status {
		if s.Staging != gogit.Unmodified || s.Worktree != gogit.Unmodified {
			files = append(files, file)
		}
	}
	slices.Sort(files)
	return files, nil
}
