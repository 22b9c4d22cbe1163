package stages

import (
	"cmp"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/huggingface"
)

// fromHub reads which repository of Hugging Face is wanted, and what of it.
func (b *Block) fromHub(a *Argument, r *DataRequest, d *Data) {
	files := b.Group.get("files")
	hub := &Hub{Revision: "main", Patterns: b.hubFiles(files)}
	if files != nil {
		r.Chosen = files.Expr.Range()
	}
	if b.settled(a) {
		r.Range, hub.Repository = a.Expr.Range(), b.hubRepository(a)
	}
	if revision := b.Group.get("revision"); b.settled(revision) {
		if text, ok := b.quoted(revision, "a commit such as 1234567 is no number."); ok {
			hub.Revision = text
		}
		r.At = revision.Expr.Range()
	}
	if endpoint := b.Group.get("endpoint"); b.settled(endpoint) {
		if text, ok := b.text(endpoint); ok && !huggingface.IsEndpoint(text) {
			b.fault(endpoint, nil, unsuitable, "An endpoint is the address of a hub, such as %q, without a login or a query.", huggingface.Endpoint)
		} else if ok {
			hub.Endpoint = strings.TrimRight(text, "/")
		}
	}
	hub.TokenEnv = b.tokenEnv(b.Group.get("token_env"))
	r.Hub, d.Hub = hub, hub
	d.Name = fileName("/" + hub.Repository)
}

// hubRepository reads "org/name" or "datasets/org/name".
func (b *Block) hubRepository(a *Argument) string {
	text, ok := b.text(a)
	if !ok {
		return ""
	}
	if _, ok := huggingface.Parse(text); ok {
		return text
	}
	meant := ""
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		meant, _, _ = strings.Cut(strings.Trim(u.Path, "/"), "/tree/")
		if _, ok := huggingface.Parse(meant); ok && meant != "" {
			b.fault(a, nil, unsuitable, "A repository of Hugging Face is named as its address goes on behind the host: huggingface = %q. For another hub than %s there is endpoint = ….", meant, huggingface.Endpoint)
			return ""
		}
	}
	if name, revision, found := strings.Cut(text, "@"); found {
		b.fault(a, nil, unsuitable, "The revision has an argument of its own: huggingface = %q and revision = %q.", name, revision)
		return ""
	}
	b.fault(a, nil, unsuitable, `A repository of Hugging Face is named "org/model" or "datasets/org/name", as in the hub's own addresses.`)
	return ""
}

// hubFiles reads patterns of files, sorted.
func (b *Block) hubFiles(a *Argument) []string {
	if !b.settled(a) {
		return nil
	}
	elements, ok := b.list(a, `["*.safetensors", "*.json"]`)
	if ok && len(elements) == 0 {
		b.fault(a, nil, unsuitable, "files names no file: leave it out to have all.")
	}
	var patterns []string
	for _, e := range elements {
		text, ok := b.text(a.of(e))
		switch {
		case !ok:
		case strings.HasPrefix(text, "/") || strings.HasPrefix(text, "./") || slices.Contains(strings.Split(text, "/"), ".."):
			b.fault(a, e.expr, unsuitable, "%q: files are named from the repository's top, as in %q.", text, path.Base(text))
		case !huggingface.ValidPattern(text):
			b.fault(a, e.expr, unsuitable, "%q is no pattern: * stands for any text, ? for one character, [ab] for one of these.", text)
		default:
			patterns = append(patterns, text)
		}
	}
	slices.Sort(patterns)
	return slices.Compact(patterns)
}

var (
	variableForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	tokenForm    = regexp.MustCompile(`^hf_[A-Za-z0-9]{16,}$`)
)

// tokenEnv reads the name of the variable that has the token.
func (b *Block) tokenEnv(a *Argument) string {
	if !b.settled(a) {
		return ""
	}
	text, ok := b.text(a)
	switch {
	case !ok:
	case tokenForm.MatchString(text):
		b.fault(a, nil, "Token in the file", "This is a token, which everybody who reads the file could use: revoke it, set a new one as %s in your environment, and name that variable.", huggingface.TokenVariable)
	case !variableForm.MatchString(text):
		b.fault(a, nil, unsuitable, "token_env is the name of an environment variable, such as %q.", huggingface.TokenVariable)
	default:
		return text
	}
	return ""
}

// aboutHub tells those who give the address of one of the hub's pages for a file what
// to write instead.
func aboutHub(u *url.URL) string {
	if "https://"+u.Host != huggingface.Endpoint {
		return ""
	}
	name := strings.Trim(u.Path, "/")
	if before, after, found := strings.Cut(name, "/blob/"); found {
		return "This is the address of a page about the file. The file itself is at " + huggingface.Endpoint + "/" + git.Redact(before) + "/resolve/" + after + "."
	}
	name, _, tree := strings.Cut(name, "/tree/")
	if r, ok := huggingface.Parse(name); ok && (tree || strings.Contains(r.Name, "/")) {
		return "This is the address of a repository, not of a file: write huggingface = " + `"` + name + `" instead of url.`
	}
	return ""
}

// fromLFS reads which file in Git LFS is wanted.
func (b *Block) fromLFS(a *Argument, r *DataRequest, d *Data) {
	asked := b.request()
	file := &LFS{Repository: asked.Repository, Ref: asked.Ref}
	r.Range, r.From = asked.Range, asked.Range
	place := b.Group.get("path")
	if place == nil {
		b.fault(a, nil, "Missing value", "The path says which file of the repository is wanted. For all of a repository there is a clone.")
	} else if b.settled(place) {
		r.Range, file.Path = place.Expr.Range(), b.pathInRepository(place)
	}
	shown := *file
	shown.Repository = git.Redact(file.Repository)
	r.LFS, d.LFS = file, &shown
	d.Name = fileName("/" + cmp.Or(file.Path, "data"))
}

func (b *Block) pathInRepository(a *Argument) string {
	text, ok := b.text(a)
	if !ok {
		return ""
	}
	clean, err := insidePath(text)
	if err != nil {
		b.fault(a, nil, "Invalid path", "%q %s: the path starts at the repository's top.", text, err)
		return ""
	}
	if clean == "." {
		b.fault(a, nil, "Invalid path", "%q is the whole repository, and data in Git LFS is one file: for folders there is a clone with paths.", text)
		return ""
	}
	return clean
}
