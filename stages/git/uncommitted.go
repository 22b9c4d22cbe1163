package git

import (
	"context"
	"fmt"
	"slices"
	"strings"

	gogit "github.com/go-git/go-git/v5"
)

// Uncommitted lists the files of a repository on this machine that are changed or
// new and not committed, sorted: a pin leaves them out, which the one who edited
// them may not expect. A bare or a remote repository has none.
func Uncommitted(ctx context.Context, r Remote) ([]string, error) {
	if !r.Local() {
		return nil, nil
	}
	if dir, err := gitDir(r); err != nil || dir == r.url {
		return nil, err // dir is r.url: bare
	}
	if git, ok := findProgram(); ok && r.inside {
		return git.uncommitted(ctx, r)
	}
	opened, err := gogit.PlainOpenWithOptions(r.url, &gogit.PlainOpenOptions{DetectDotGit: r.inside, EnableDotGitCommonDir: true})
	if err != nil {
		return nil, explain(ctx, r, err)
	}
	work, err := opened.Worktree()
	if err != nil {
		return nil, explain(ctx, r, err)
	}
	status, err := work.Status()
	if err != nil {
		return nil, fmt.Errorf("looking for uncommitted changes in %s: %w", r, err)
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

// uncommitted asks git status, which is much quicker than go-git on a large tree.
func (g program) uncommitted(ctx context.Context, r Remote) ([]string, error) {
	out, err := g.output(ctx, "-C", r.url, "-c", "core.fsmonitor=false", "status", "--porcelain", "-z", "--no-renames", "--untracked-files=normal")
	if err != nil {
		return nil, fmt.Errorf("looking for uncommitted changes in %s: %w", r, err)
	}
	var files []string
	for record := range strings.SplitSeq(string(out), "\x00") {
		if len(record) > 3 { // two letters and a space (git-status(1))
			files = append(files, record[3:])
		}
	}
	slices.Sort(files)
	return files, nil
}
