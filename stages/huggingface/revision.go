package huggingface

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/runpipe/runpipe/stages/download"
)

// File is a file of a commit.
type File struct {
	Path   string // slash-separated, within the repository
	Size   int64  // bytes
	SHA256 string // 64 hex digits, of what is kept in Git LFS or Xet; or
	Blob   string // git's id of the content, 40 hex digits
}

// Revision is what a branch, tag or commit stands for now.
type Revision struct {
	Commit string // 40 hex digits
	Files  []File // sorted by path
}

// info is what the hub tells of a revision (GET /api/<kind>/<name>/revision/<revision>).
// Its list of files is left alone: it ends after some thousand, without a word.
type info struct {
	SHA string `json:"sha"`
}

// node is a file or a folder of a commit (GET /api/<kind>/<name>/tree/<commit>?recursive=true).
type node struct {
	Type string `json:"type"`
	Path string `json:"path"`
	Size int64  `json:"size"`
	Blob string `json:"oid"`
	LFS  *struct {
		SHA256 string `json:"oid"`
		Size   int64  `json:"size"`
	} `json:"lfs"`
}

// mostPages is how many pages, of up to a thousand files each, a list may have.
const mostPages = 10_000

// Resolve asks the hub what a revision is.
func Resolve(ctx context.Context, a Access, r Repository, revision string) (Revision, error) {
	if err := a.check(); err != nil {
		return Revision{}, err
	}
	var said info
	if _, err := a.ask(ctx, r, revision, "revision/"+url.PathEscape(revision), &said); err != nil {
		return Revision{}, err
	}
	found := Revision{Commit: said.SHA}
	if !isHex(found.Commit, 40) {
		return Revision{}, a.unsuitable(r, "it names no commit")
	}
	query := "recursive=true"
	for pages := 0; query != ""; pages++ {
		if pages == mostPages {
			return Revision{}, a.unsuitable(r, "its list of files does not end")
		}
		var nodes []node
		head, err := a.ask(ctx, r, revision, "tree/"+found.Commit+"?"+query, &nodes)
		if err != nil {
			return Revision{}, err
		}
		for _, n := range nodes {
			if n.Type == "file" {
				found.Files = append(found.Files, n.file())
			}
		}
		query = nextPage(head)
	}
	slices.SortFunc(found.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	if what := found.wrong(); what != "" {
		return Revision{}, a.unsuitable(r, what)
	}
	return found, nil
}

func (n node) file() File {
	if n.LFS != nil {
		return File{Path: n.Path, Size: n.LFS.Size, SHA256: n.LFS.SHA256}
	}
	return File{Path: n.Path, Size: n.Size, Blob: n.Blob}
}

// ask asks the hub's interface about a repository.
func (a Access) ask(ctx context.Context, r Repository, revision, about string, answer any) (http.Header, error) {
	return download.Ask(ctx, download.Question{
		Address: a.Endpoint + "/api/" + r.Kind + "/" + r.Name + "/" + about, Header: a.Header(), Refused: a.refused(r, revision),
	}, answer)
}

func (a Access) unsuitable(r Repository, what string) error {
	return &download.Fault{Summary: "Unsuitable answer", Detail: fmt.Sprintf("What %s tells of %s cannot be used: %s.", a.Endpoint, r, what)}
}

var nextLink = regexp.MustCompile(`<([^>]*)>\s*;\s*rel="?next"?`)

// nextPage is the query of the next page of a list, or "". A mirror may name the hub's
// own host in the link: the query is all that is taken from it.
func nextPage(head http.Header) string {
	for _, link := range head.Values("Link") {
		if found := nextLink.FindStringSubmatch(link); found != nil {
			if u, err := url.Parse(found[1]); err == nil {
				return u.RawQuery
			}
		}
	}
	return ""
}

// wrong says what of an answer cannot be, or "".
func (v Revision) wrong() string {
	var names []string
	for _, f := range v.Files {
		if f.Size < 0 || f.SHA256 != "" && !isHex(f.SHA256, 64) || f.SHA256 == "" && !isHex(f.Blob, 40) {
			return fmt.Sprintf("it has no digest or size of %q", f.Path)
		}
		names = append(names, f.Path)
	}
	if name, found := Unsafe(names); found {
		return fmt.Sprintf("it has a file named %q", name)
	}
	return ""
}

// Unsafe is the first of the names, which come from elsewhere, that may not be that of
// a file in a folder, stands there twice or is that of a folder too.
func Unsafe(names []string) (name string, found bool) {
	seen := map[string]bool{}
	for _, name := range names {
		if !SafePath(name) || seen[name] {
			return name, true
		}
		seen[name] = true
	}
	for _, name := range names {
		for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
			if seen[folder] {
				return name, true
			}
		}
	}
	return "", false
}

// SafePath reports whether a name, which comes from elsewhere, may be that of a file
// within a folder.
func SafePath(name string) bool {
	if name == "" || name != path.Clean(name) || path.IsAbs(name) || strings.Contains(name, `\`) || strings.ContainsFunc(name, unicode.IsControl) {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." || part == "." || len(part) > 255 {
			return false
		}
	}
	return true
}

func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}
