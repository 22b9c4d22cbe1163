package huggingface

import (
	"context"
	"fmt"
	"net/url"
	"path"
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

// info is what the hub tells of a revision (GET /api/<kind>/<name>/revision/<revision>?blobs=true).
type info struct {
	SHA      string `json:"sha"`
	Siblings []struct {
		Name string `json:"rfilename"`
		Size int64  `json:"size"`
		Blob string `json:"blobId"`
		LFS  *struct {
			SHA256 string `json:"sha256"`
			Size   int64  `json:"size"`
		} `json:"lfs"`
	} `json:"siblings"`
}

// Resolve asks the hub what a revision is.
func Resolve(ctx context.Context, a Access, r Repository, revision string) (Revision, error) {
	if err := a.check(); err != nil {
		return Revision{}, err
	}
	var said info
	err := download.Ask(ctx, download.Question{
		Address: a.Endpoint + "/api/" + r.Kind + "/" + r.Name + "/revision/" + url.PathEscape(revision) + "?blobs=true",
		Header:  a.Header(), Refused: a.refused(r, revision),
	}, &said)
	if err != nil {
		return Revision{}, err
	}
	found := Revision{Commit: said.SHA}
	for _, s := range said.Siblings {
		f := File{Path: s.Name, Size: s.Size, Blob: s.Blob}
		if s.LFS != nil {
			f = File{Path: s.Name, Size: s.LFS.Size, SHA256: s.LFS.SHA256}
		}
		found.Files = append(found.Files, f)
	}
	slices.SortFunc(found.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	if what := found.wrong(); what != "" {
		return Revision{}, &download.Fault{Summary: "Unsuitable answer", Detail: fmt.Sprintf("What %s tells of %s cannot be used: %s.", a.Endpoint, r, what)}
	}
	return found, nil
}

// wrong says what of an answer cannot be, or "".
func (v Revision) wrong() string {
	if !isHex(v.Commit, 40) {
		return "it names no commit"
	}
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
