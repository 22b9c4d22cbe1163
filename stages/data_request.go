package stages

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/huggingface"
)

// Data is what a data stage puts into the store. It comes from one place.
type Data struct {
	URL     string     // it is downloaded from, without credentials; or
	Path    string     // it is at, absolute; or
	Hub     *Hub       `json:",omitempty"` // or
	LFS     *LFS       `json:",omitempty"` // its Repository without credentials
	SHA256  string     // 64 hex digits, of a file; "" before it is pinned
	Commit  string     `json:",omitempty"` // that was pinned, of Hub and LFS
	Files   []DataFile `json:",omitempty"` // of Hub, sorted by path
	Extract bool       // it is an archive, to be unpacked
	Name    string     // of the file, or of the folder, in the store
}

// Hub is a repository of Hugging Face, or some files of it.
type Hub struct {
	Repository string   // as in huggingface.Parse
	Revision   string   // branch, tag or commit
	Patterns   []string // of files, see huggingface.Matches; none: all
	Endpoint   string   // of the hub, if the pipeline says so
	TokenEnv   string   // name of the variable that has the token, if the pipeline says so
}

// LFS is a file in Git LFS.
type LFS struct {
	Repository string // as written, see git.ParseRemote
	Ref        string // as written; "" is the default branch
	Path       string // slash-separated, from the repository's top
}

// DataFile is one of several files.
type DataFile struct {
	Path   string // slash-separated, in the folder
	SHA256 string // 64 hex digits
	Size   int64  // bytes
}

// DataPin is what data was pinned to: one file, or the files of a commit.
type DataPin struct {
	SHA256 string     // 64 hex digits; "" where there are Files
	Size   int64      // bytes, of all files
	Commit string     // 40 hex digits; "" where there is none
	Files  []DataFile // sorted by path
}

// Ref is the branch, tag or commit that was asked for, of Hub and LFS; "" is the
// default branch.
func (d *Data) Ref() string {
	switch {
	case d.Hub != nil:
		return d.Hub.Revision
	case d.LFS != nil:
		return d.LFS.Ref
	}
	return ""
}

// Downloads lists the sha256 of each file that is brought to this machine for d.
func (d *Data) Downloads() []string {
	var all []string
	if d.Path == "" && d.SHA256 != "" {
		all = append(all, d.SHA256)
	}
	for _, f := range d.Files {
		all = append(all, f.SHA256)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// DataRequest is what a data block asks for, before it is pinned.
type DataRequest struct {
	URL     string // as written, with what credentials there are in it; or
	Path    string // absolute
	Written string // the path as it is written; or
	Hub     *Hub   // or
	LFS     *LFS   // with what credentials there are in its address
	SHA256  string // as declared, 64 hex digits; "" is to be pinned
	Range   hcl.Range
	From    hcl.Range // of the repository or its ref, of a file in Git LFS
	At      hcl.Range // of the revision, of a repository of Hugging Face; empty if none is given
	Chosen  hcl.Range // of the patterns of its files, likewise
}

// Asked names what is asked for in the lock file, without credentials. Of an address
// that had any, or a query, which may hold some, a digest tells it from others.
func (r DataRequest) Asked() string {
	switch {
	case r.Hub != nil:
		asked := r.Family()
		for _, pattern := range r.Hub.Patterns {
			asked += " " + strings.ReplaceAll(pattern, " ", "%20")
		}
		return asked
	case r.LFS != nil:
		return r.LFS.at() + ":" + r.LFS.Path
	case r.URL == "":
		return r.Written
	}
	shown := git.Redact(r.URL)
	if shown == r.URL {
		return shown
	}
	sum := sha256.Sum256([]byte(r.URL))
	return shown + "#" + hex.EncodeToString(sum[:6])
}

// Family is what Asked begins with for all data of one revision, which is to be of
// one commit; "" for data that knows none. A mirror that the environment names is not
// in it: it has the same commits.
func (r DataRequest) Family() string {
	switch {
	case r.Hub != nil:
		return cmp.Or(r.Hub.Endpoint, huggingface.Endpoint) + "/" + r.Hub.Repository + "@" + r.Hub.Revision
	case r.LFS != nil:
		return r.LFS.at()
	}
	return ""
}

func (f *LFS) at() string {
	if f.Ref == "" {
		return git.Redact(f.Repository)
	}
	return git.Redact(f.Repository) + "@" + f.Ref
}

// Revision is what was asked for of which a commit was pinned, for the screen; "" for
// data that knows none.
func (r DataRequest) Revision() string {
	switch {
	case r.Hub != nil:
		return "revision " + r.Hub.Revision
	case r.LFS != nil:
		return cmp.Or(r.LFS.Ref, "default branch")
	}
	return ""
}
