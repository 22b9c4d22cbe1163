package lock

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

// Version is the version of the file that this program writes and reads.
const Version = 1

// Wanted is what a clone stage asks for.
type Wanted struct {
	Address      string               // of the stage
	Repository   string               // as written, with the credentials that a URL may hold
	Ref          string               // as written; "" is the default branch
	Paths        []string             // only these; none: everything
	Requirements []string             // files that environments read from it: see stages.ReadPinned
	Asks         map[string]hcl.Range // where an environment names such a file
	Range        hcl.Range            // where it is asked for
}

// File is the content of a lock file. The zero value is an empty one.
type File struct {
	clones       map[key]*clone
	private      map[key]*clone          // of uncommitted changes: these go before, and are never written
	environments map[string]*python.Lock // by the digest of what was asked
	data         map[string]DataPin      // by what was asked
	parsed       *hcl.File
}

// clone is what a repository and ref are pinned to, or nil.
func (f *File) clone(k key) *clone {
	if c := f.private[k]; c != nil {
		return c
	}
	return f.clones[k]
}

// key is what was asked.
type key struct{ repository, ref string }

// clone is what a repository and ref were pinned to.
type clone struct {
	commit       string
	tree         string            // "" where only paths were asked for
	paths        map[string]string // pathKey of a set of paths → digest
	requirements map[string]string // path → digest
	uncommitted  []string          // files of a private commit
}

func newClone(commit, tree string) *clone {
	return &clone{commit: commit, tree: tree, paths: map[string]string{}, requirements: map[string]string{}}
}

// Path is where the lock file of a pipeline is: mnist.lock.hcl beside mnist.hcl.
func Path(pipelinePath string) string {
	return strings.TrimSuffix(pipelinePath, ".hcl") + ".lock.hcl"
}

// Source is the file as it was parsed, for showing a diagnostic's lines; nil if
// there was none.
func (f *File) Source() *hcl.File { return f.parsed }

// Pin is what w is pinned to. It needs no repository. False if w is not pinned, or
// if its paths were not asked for before.
func (f *File) Pin(w Wanted) (git.Pin, bool) {
	c := f.clone(w.key())
	if c == nil {
		return git.Pin{}, false
	}
	pin := git.Pin{Commit: c.commit, Tree: c.tree, Digest: c.tree, Dirty: len(touching(c.uncommitted, w)) > 0}
	if set := pathKey(w.Paths); set != "" {
		digest, ok := c.paths[set]
		if !ok {
			return git.Pin{}, false
		}
		pin.Digest = digest
	}
	return pin, pin.Digest != ""
}

// Requirements is the digest of a file that environments read from the pinned commit,
// as in stages.Requirements. False if w is not pinned or the file was not asked for.
func (f *File) Requirements(w Wanted, file string) (digest string, ok bool) {
	c := f.clone(w.key())
	if c == nil {
		return "", false
	}
	digest, ok = c.requirements[path.Clean(file)]
	return digest, ok
}

// needs are the paths that are asked for, and the files that environments read.
func (w Wanted) needs() []string {
	all := slices.Clone(w.Paths)
	for _, file := range w.Requirements {
		all = append(all, stages.PinnedFiles(file)...)
	}
	return all
}

// key leaves credentials out: they never reach the file.
func (w Wanted) key() key { return key{git.Redact(w.Repository), w.Ref} }

// pathSeparator cannot stand in a path.
const pathSeparator = "\x00"

// pathKey is one form for a set of paths, whatever their order; "" is everything.
func pathKey(paths []string) string {
	var clean []string
	for _, p := range paths {
		if p = path.Clean(p); p == "." {
			return ""
		}
		clean = append(clean, p)
	}
	slices.Sort(clean)
	return strings.Join(slices.Compact(clean), pathSeparator)
}
