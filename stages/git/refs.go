package git

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// refs is what a repository advertises.
type refs struct {
	head   string            // full name of the branch that HEAD stands for, or "" if it is detached or unknown
	commit map[string]string // full name → the object's id; tags peeled where the repository says so
	tip    map[string]string // full name → id before peeling
}

func newRefs() *refs {
	return &refs{commit: map[string]string{}, tip: map[string]string{}}
}

// add takes one reference in; "<name>^{}" is what the tag <name> points at.
func (a *refs) add(name, id string) {
	if tag, ok := strings.CutSuffix(name, "^{}"); ok {
		a.commit[tag] = id
		return
	}
	a.tip[name] = id
	if a.commit[name] == "" {
		a.commit[name] = id
	}
}

func (a *refs) empty() bool { return len(a.commit) == 0 }

// refsFrom reads go-git's list of references.
func refsFrom(list []*plumbing.Reference) *refs {
	all := newRefs()
	for _, ref := range list {
		switch {
		case ref.Type() == plumbing.HashReference:
			all.add(ref.Name().String(), ref.Hash().String())
		case ref.Name() == plumbing.HEAD:
			all.head = ref.Target().String()
		}
	}
	return all
}

// refsFromText reads what git ls-remote --symref prints.
func refsFromText(text string) *refs {
	all := newRefs()
	for line := range strings.Lines(text) {
		id, name, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if target, symbolic := strings.CutPrefix(id, "ref: "); symbolic && name == "HEAD" {
			all.head = target
		} else if ok && isCommit(id) {
			all.add(name, id)
		}
	}
	return all
}

// rules is the order in which git looks a short name up (gitrevisions(7)).
var rules = []string{"%s", "refs/%s", "refs/tags/%s", "refs/heads/%s", "refs/remotes/%s", "refs/remotes/%s/HEAD"}

// find looks a name up as git does. full lists every ref that the name may mean,
// the one that git takes first.
func (a *refs) find(name string) (full []string) {
	if name == "" || name == "HEAD" {
		if a.commit[a.head] != "" {
			return []string{a.head}
		}
		if a.commit["HEAD"] != "" {
			return []string{"HEAD"}
		}
		return nil
	}
	for i, rule := range rules {
		candidate := fmt.Sprintf(rule, name)
		if i == 0 && !strings.HasPrefix(name, "refs/") {
			continue // a file of .git such as FETCH_HEAD
		}
		if a.commit[candidate] != "" {
			full = append(full, candidate)
		}
	}
	return full
}

// at lists the refs that are at a commit, sorted.
func (a *refs) at(commit string) []string {
	var names []string
	for name, id := range a.commit {
		if id == commit && strings.HasPrefix(name, "refs/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// starting lists the commits among the refs that begin with the hex digits short.
func (a *refs) starting(short string) []string {
	var ids []string
	for _, id := range a.commit {
		if strings.HasPrefix(id, short) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// branches and tags are short names, sorted.
func (a *refs) branches() []string { return a.under("refs/heads/") }
func (a *refs) tags() []string     { return a.under("refs/tags/") }

func (a *refs) under(prefix string) []string {
	var names []string
	for name := range a.commit {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			names = append(names, short)
		}
	}
	slices.Sort(names)
	return names
}

// missing is the fault for a ref that is not there. It says which ones are.
func (a *refs) missing(r Remote, ref string) *Fault {
	if ref == "" || ref == "HEAD" {
		detail := fmt.Sprintf("%s does not say which branch is its default one", r)
		if a.head != "" {
			detail = fmt.Sprintf("The default branch of %s, %s, has no commit", r, shortRef(a.head))
		}
		return fault(ErrNoRef, "No default branch", detail+": set ref to one of its branches and tags. "+a.listing(""))
	}
	names := append(a.branches(), a.tags()...)
	detail := fmt.Sprintf("%s has no branch, tag or commit %q.%s %s", r, ref, didYouMean(ref, nearest(ref, names)), a.listing(ref))
	return fault(ErrNoRef, "No such ref", strings.TrimSpace(detail))
}

func (a *refs) listing(asked string) string {
	branches, tags := nearest(asked, a.branches()), nearest(asked, a.tags())
	var parts []string
	if len(branches) > 0 {
		parts = append(parts, fmt.Sprintf("Branches (%d): %s.", len(branches), enumerate(branches)))
	}
	if len(tags) > 0 {
		parts = append(parts, fmt.Sprintf("Tags (%d): %s.", len(tags), enumerate(tags)))
	}
	return strings.Join(parts, " ")
}

func shortRef(full string) string {
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/remotes/"} {
		if short, ok := strings.CutPrefix(full, prefix); ok {
			return short
		}
	}
	return full
}

// isCommit reports whether s is a whole object id: 40 lower-case hex digits.
func isCommit(s string) bool { return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == "" }

// isShort reports whether s may be the beginning of an id: git wants four digits.
func isShort(s string) bool {
	return len(s) >= 4 && len(s) < 40 && strings.Trim(s, "0123456789abcdef") == ""
}
