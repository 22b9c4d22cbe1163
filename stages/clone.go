package stages

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/zclconf/go-cty/cty"
)

// cloneKind checks out a repository at a pinned commit.
type cloneKind struct{}

func (cloneKind) Name() string { return "clone" }

func (cloneKind) Spec() hcldec.ObjectSpec {
	return merged(arguments("ref", "paths", "lfs"), hcldec.ObjectSpec{"repository": required("repository")})
}

func (cloneKind) Decode(b *Block, s *Stage) {
	s.Clone = &Clone{}
	r := b.request()
	b.Request = &r
	s.Clone.Pointers = b.Group.get("lfs") != nil && !b.flag(b.Group.get("lfs"))
	s.Clone.Repository, s.Clone.Ref, s.Clone.Paths = git.Redact(r.Repository), r.Ref, r.Paths
	if b.Facts == nil {
		return
	}
	pin, ok := b.Facts.Pin(b.Address.String())
	if !ok {
		b.faultAt("Clone without a pin", "%s was not pinned to a commit: run runpipe lock.", b.Address)
	}
	s.Clone.Pin = pin
}

func (cloneKind) Attributes(s *Stage, output func(string) cty.Value) map[string]cty.Value {
	commit := cty.UnknownVal(cty.String).RefineNotNull().Mark(unpinned)
	if s.Clone.Pin.Commit != "" {
		commit = cty.StringVal(s.Clone.Pin.Commit)
	}
	return map[string]cty.Value{
		"path":       output(treeOutput),
		"commit":     commit,
		"repository": cty.StringVal(s.Clone.Repository),
	}
}

// Request is what a clone block asks for, before it is pinned.
type Request struct {
	Repository string // as written, with what credentials there are in it
	Ref        string
	Paths      []string
	Range      hcl.Range // of the ref, or else of the repository
}

// request reads what a clone block asks for.
func (b *Block) request() (r Request) {
	repository := b.Group.get("repository")
	if b.Group.isNull("repository") {
		b.faultAt("Missing value", "The repository of %s is null.", b.Address)
	}
	if b.settled(repository) {
		r.Range = repository.Expr.Range()
		r.Repository, _ = b.text(repository)
		if strings.HasPrefix(r.Repository, "-") {
			b.fault(repository, nil, unsuitable, "A repository is a URL, an SSH address or a path, and does not begin with \"-\".")
		}
	}
	if ref := b.Group.get("ref"); b.settled(ref) {
		r.Range = ref.Expr.Range()
		r.Ref, _ = b.quoted(ref, "a commit such as 1234567 is no number.")
		if strings.HasPrefix(r.Ref, "-") || strings.ContainsAny(r.Ref, " ~^:?*[\\") || strings.Contains(r.Ref, "..") {
			b.fault(ref, nil, unsuitable, "%q is neither a branch, a tag nor a commit: git allows no such name.", r.Ref)
		}
	}
	if paths := b.Group.get("paths"); b.settled(paths) {
		r.Paths = b.repositoryPaths(paths)
	}
	return r
}

// settled refuses what would have to be known before any pin is: the values of
// other stages.
func (b *Block) settled(a *Argument) bool {
	if a == nil {
		return false
	}
	refers := fromStage(a.Value)
	for _, t := range a.Expr.Variables() {
		refers = refers || KindOf(t.RootName()) != nil
	}
	if refers {
		what := "code"
		if b.Address.Kind == "data" {
			what = "data"
		}
		b.fault(a, nil, "Reference to a stage", "%s is needed to pin the %s, before any stage has a value: it may use var and local only.", a.Name, what)
		return false
	}
	return a.Value.IsWhollyKnown() // else it has a fault already
}

// repositoryPaths reads paths inside a repository, cleaned.
func (b *Block) repositoryPaths(a *Argument) []string {
	elements, _ := b.list(a, `["src"]`)
	var paths []string
	for _, e := range elements {
		text, ok := b.text(a.of(e))
		if !ok {
			continue
		}
		clean, err := insidePath(text)
		if err != nil {
			b.fault(a, e.expr, "Invalid path", "%q %s: paths start at the repository's top.", text, err)
			continue
		}
		if clean == "." {
			return nil // everything
		}
		paths = append(paths, clean)
	}
	return paths
}
