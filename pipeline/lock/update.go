package lock

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/git"
)

// Options are how Update goes about it.
type Options struct {
	// Upgrade says which stages are to be pinned anew; nil: none.
	Upgrade func(address string) bool
	// Locked makes a change that would be needed an error; see Refused.
	Locked bool
	// Progress makes a bar for a repository; nil: none.
	Progress func(label string) git.Progress
	// Uncommitted says what is done about uncommitted changes.
	Uncommitted Uncommitted
	// Except is absolute paths of files whose changes do not count: those that are
	// read where they stand, not from a commit.
	Except []string
}

// Pinned is what kind of thing a pin is of.
type Pinned string

// The kinds of pins.
const (
	PinnedCommit   Pinned = "commit"
	PinnedPackages Pinned = "packages"
	PinnedData     Pinned = "data"
)

// Change is a pin that is new or moved, to be told.
type Change struct {
	Address string // of a stage that asked
	Kind    Pinned
	// Old and New are commits; digests of the locked packages; or, of data, commits, or
	// the sha256 of its one file. Old is "" for a new pin.
	Old, New string

	Repository string // of a commit: without credentials
	Ref        string
	Unshared   bool // New is on no remote of the repository on this machine that it is in
	Dirty      bool // New is a private commit, and not in the lock file

	What  string // of packages and data: what was pinned or has moved, in words
	Files int    // of data that is the files of a commit: how many
	Bytes int64  // of data
}

// atOnce is how many repositories are asked at the same time.
const atOnce = 4

// Update pins in f what wanted asks for and f does not hold, or what is to be
// upgraded. All else stays as it is, and costs no network. dir is the pipeline's
// folder, repos the one of the bare repositories. f is not written; what failed is
// not in it, and each failure has the range of who asked.
func Update(ctx context.Context, f *File, dir, repos string, wanted []Wanted, o Options) (changes []Change, diags hcl.Diagnostics) {
	if f.clones == nil {
		f.clones = map[key]*clone{}
	}
	f.private = map[key]*clone{}
	var all, needed []*update
	for _, group := range groups(wanted) {
		all = append(all, &update{wanted: group, old: f.clones[group[0].key()], dir: dir, repos: repos, o: o})
	}
	examine(ctx, all)
	for _, u := range all {
		if u.diags.HasErrors() {
			diags = append(diags, u.diags...)
			continue
		}
		if !u.needed() {
			continue
		}
		if o.Locked && u.private == "" {
			diags = append(diags, u.refuse()...)
			continue
		}
		needed = append(needed, u)
	}
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for _, u := range needed {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			u.run(ctx)
		})
	}
	group.Wait()
	for _, u := range needed {
		diags = append(diags, u.diags...)
		if u.new == nil || u.diags.HasErrors() {
			continue
		}
		if u.private != "" {
			f.private[u.wanted[0].key()] = u.new
		} else {
			f.clones[u.wanted[0].key()] = u.new
		}
		changes = append(changes, u.changes()...)
	}
	return changes, diags
}

// Needed reports whether Update would have to resolve or fetch anything.
func Needed(f *File, wanted []Wanted, o Options) bool {
	return slices.ContainsFunc(groups(wanted), func(group []Wanted) bool {
		u := &update{wanted: group, old: f.clones[group[0].key()], o: o}
		return u.needed()
	})
}

// groups puts together those that ask for the same, in the order of the first.
func groups(wanted []Wanted) [][]Wanted {
	place := map[key]int{}
	var all [][]Wanted
	for _, w := range wanted {
		n, ok := place[w.key()]
		if !ok {
			n = len(all)
			place[w.key()] = n
			all = append(all, nil)
		}
		all[n] = append(all[n], w)
	}
	return all
}

// update is one repository and ref on its way to a pin.
type update struct {
	wanted     []Wanted // of one key
	old, new   *clone
	dir, repos string
	o          Options
	private    string   // commit of the uncommitted changes; or ""
	files      []string // in it
	lonely     bool     // the new commit is on no remote
	diags      hcl.Diagnostics
}

func (u *update) upgrade() bool {
	for _, w := range u.wanted {
		if u.o.Upgrade != nil && u.o.Upgrade(w.Address) {
			return true
		}
	}
	return false
}

func (u *update) needed() bool {
	if u.old == nil || u.private != "" || u.upgrade() {
		return true
	}
	for _, w := range u.wanted {
		if u.lacks(w) != "" {
			return true
		}
	}
	return false
}

// lacks says what the old pin has no digest of for w, or "".
func (u *update) lacks(w Wanted) string {
	switch set := pathKey(w.Paths); {
	case set == "" && u.old.tree == "":
		return "the whole tree"
	case set != "" && u.old.paths[set] == "":
		return "the paths " + strings.ReplaceAll(set, pathSeparator, ", ")
	}
	for _, file := range w.Requirements {
		if u.old.requirements[path.Clean(file)] == "" {
			return file
		}
	}
	return ""
}

// run resolves if need be, fetches, and takes the digests.
func (u *update) run(ctx context.Context) {
	w := u.wanted[0]
	remote, err := git.ParseRemote(w.Repository, u.dir)
	if err != nil {
		u.fail(w, err)
		return
	}
	commit, ok := u.commit(ctx, remote)
	if !ok {
		return
	}
	bare, err := git.Fetch(ctx, u.repos, remote, commit, git.FetchOptions{Paths: u.paths(), Progress: u.progress(remote)})
	if err != nil {
		u.fail(w, err)
		return
	}
	pin, err := git.PinOf(bare, commit, nil)
	if err != nil {
		u.fail(w, err)
		return
	}
	u.new = newClone(pin.Commit, "")
	if u.whole() || u.old != nil && u.old.commit == commit && u.old.tree != "" {
		u.new.tree = pin.Tree
	}
	if u.old != nil && u.old.commit == commit {
		maps.Copy(u.new.paths, u.old.paths)
		maps.Copy(u.new.requirements, u.old.requirements)
	}
	for _, w := range u.wanted {
		u.digests(bare, w)
	}
	u.new.uncommitted, u.lonely = u.files, u.unshared(ctx, remote)
}

// commit is the one that is pinned, or the one that the ref stands for now.
func (u *update) commit(ctx context.Context, remote git.Remote) (string, bool) {
	if u.private != "" {
		return u.private, true
	}
	if u.old != nil && !u.upgrade() {
		return u.old.commit, true
	}
	w := u.wanted[0]
	found, err := git.Resolve(ctx, remote, w.Ref)
	if err != nil {
		u.fail(w, err)
		return "", false
	}
	if found.Warning != "" {
		u.diags = append(u.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Ambiguous ref", Detail: found.Warning, Subject: place(w)})
	}
	return found.Commit, true
}

func (u *update) progress(remote git.Remote) git.Progress {
	if u.o.Progress == nil {
		return nil
	}
	return u.o.Progress(remote.String())
}

// paths are those that all who ask together need; none: everything.
func (u *update) paths() []string {
	var all []string
	for _, w := range u.wanted {
		if pathKey(w.Paths) == "" {
			return nil
		}
		all = append(all, w.needs()...)
	}
	return all
}

// whole reports whether somebody asks for more than some paths.
func (u *update) whole() bool {
	return slices.ContainsFunc(u.wanted, func(w Wanted) bool { return pathKey(w.Paths) == "" })
}

// digests takes those of w's paths and requirements files.
func (u *update) digests(bare string, w Wanted) {
	if set := pathKey(w.Paths); set != "" {
		pin, err := git.PinOf(bare, u.new.commit, w.Paths)
		if err != nil {
			u.fail(w, err)
			return
		}
		u.new.paths[set] = pin.Digest
	}
	for _, file := range w.Requirements {
		open := func(p string) ([]byte, error) { return git.ReadFile(bare, u.new.commit, p) }
		read, err := stages.ReadPinned(open, path.Clean(file))
		if err != nil {
			asking := w
			if at, ok := w.Asks[file]; ok {
				asking.Range = at
			}
			u.fail(asking, unlocked(err, file, open))
			continue
		}
		u.new.requirements[path.Clean(file)] = read.Digest
	}
}

// unlocked tells of a project whose uv.lock is not there how to come to it.
func unlocked(err error, file string, open func(string) ([]byte, error)) error {
	var known *git.Fault
	if !errors.As(err, &known) || known.Kind != git.ErrPath || path.Base(file) != "uv.lock" {
		return err
	}
	if _, err := open(path.Join(path.Dir(path.Clean(file)), "pyproject.toml")); err != nil {
		return known
	}
	return &git.Fault{Summary: "Project without uv.lock", Detail: fmt.Sprintf("%s of the commit is wanted, and there is only its pyproject.toml. It is written by \"uv lock\"; commit it.", file), Kind: known.Kind}
}

func (u *update) fail(w Wanted, err error) {
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Cannot be pinned", Detail: w.Address + ": " + git.Redact(err.Error()), Subject: place(w)}
	var known *git.Fault
	if errors.As(err, &known) {
		d.Summary, d.Detail = known.Summary, known.Detail
	}
	u.diags = append(u.diags, d)
}

func place(w Wanted) *hcl.Range {
	if w.Range == (hcl.Range{}) {
		return nil
	}
	return &w.Range
}

func (u *update) changes() []Change {
	old := ""
	if u.old != nil && u.private == "" {
		old = u.old.commit
	}
	if old == u.new.commit {
		return nil // digests were added
	}
	var all []Change
	for _, w := range u.wanted {
		all = append(all, Change{Address: w.Address, Kind: PinnedCommit, Repository: w.key().repository, Ref: w.Ref, Old: old, New: u.new.commit, Unshared: u.lonely, Dirty: len(touching(u.files, w)) > 0})
	}
	return all
}
