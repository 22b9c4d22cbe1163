package lock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages/git"
)

// Uncommitted says what is done where the branch that a clone names is checked out
// with changes that are not committed: jobs run commits, and so would not run what
// is in front of the one who submits them.
type Uncommitted int

// What is done.
const (
	// Refuse makes them an error.
	Refuse Uncommitted = iota
	// CommitPrivately pins a commit of them. The pin holds for the File in memory:
	// nobody else can fetch such a commit, so that it is never written.
	CommitPrivately
	// LeaveOut pins the last commit.
	LeaveOut
)

// mostNamed is how many files a message names.
const mostNamed = 10

// examine looks for uncommitted changes in the working trees that the updates'
// clones name, each once.
func examine(ctx context.Context, all []*update) {
	var group sync.WaitGroup
	for _, u := range all {
		remote, err := git.ParseRemote(u.wanted[0].Repository, u.dir)
		if err != nil || !remote.Local() || u.o.Uncommitted == LeaveOut {
			continue // an address that cannot be read is told by run
		}
		group.Go(func() { u.examine(ctx, remote) })
	}
	group.Wait()
}

func (u *update) examine(ctx context.Context, remote git.Remote) {
	w := u.wanted[0]
	tree, err := git.Uncommitted(ctx, remote, git.Scope{Paths: u.paths(), Except: u.o.Except})
	switch {
	case errors.Is(err, git.ErrNotRepository):
		// A repository that is gone does not matter to its pins; run tells if there are none.
	case err != nil:
		u.fail(w, err)
	case tree == nil || len(tree.Files) == 0 || !tree.Has(w.Ref):
	case u.o.Uncommitted == Refuse:
		u.refuseUncommitted(tree.Files)
	default:
		if u.private, err = tree.Commit(ctx, remote); err != nil {
			u.fail(w, err)
		}
		u.files = tree.Files
	}
}

func (u *update) refuseUncommitted(files []string) {
	for _, w := range u.wanted {
		changed := touching(files, w)
		if len(changed) == 0 {
			continue
		}
		u.diags = append(u.diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Uncommitted changes",
			Detail: fmt.Sprintf("Jobs run what is committed, and in the repository of %s these files are not: %s. Commit them, or run them as they are with --allow-dirty.",
				w.Address, enumerate(changed)),
			Subject: place(w),
		})
	}
}

// touching lists the files that w asks for.
func touching(files []string, w Wanted) []string {
	if pathKey(w.Paths) == "" {
		return files
	}
	var found []string
	for _, file := range files {
		if slices.ContainsFunc(w.needs(), func(p string) bool {
			return file == p || strings.HasPrefix(file, strings.TrimSuffix(p, "/")+"/")
		}) {
			found = append(found, file)
		}
	}
	return found
}

func enumerate(files []string) string {
	if more := len(files) - mostNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(files[:mostNamed], ", "), more)
	}
	return strings.Join(files, ", ")
}

// unshared tells for new pins whether anybody else could fetch them.
func (u *update) unshared(ctx context.Context, remote git.Remote) bool {
	return u.private == "" && (u.old == nil || u.old.commit != u.new.commit) && git.Unshared(ctx, remote, u.new.commit)
}
