package stages

import (
	"cmp"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/stages/git"
)

// dataKind puts data that is known by its sha256 into the store: a file from a URL,
// from a path on this machine or from Git LFS, or a repository of Hugging Face.
type dataKind struct{}

func (dataKind) Name() string { return "data" }

func (dataKind) Spec() hcldec.ObjectSpec {
	return arguments("url", "path", "sha256", "extract", "huggingface", "revision", "files", "endpoint", "token_env", "repository", "ref")
}

func (dataKind) Decode(b *Block, s *Stage) {
	s.Data = &Data{Extract: b.flag(b.Group.get("extract")), SHA256: b.sha256()}
	r := DataRequest{SHA256: s.Data.SHA256}
	switch b.dataSource() {
	case "url":
		b.fromURL(b.Group.get("url"), &r, s.Data)
	case "path":
		b.fromPath(b.Group.get("path"), &r, s.Data)
	case "huggingface":
		b.fromHub(b.Group.get("huggingface"), &r, s.Data)
	case "repository":
		b.fromLFS(b.Group.get("repository"), &r, s.Data)
	}
	if s.Data.Extract {
		s.Data.Name = withoutArchive(s.Data.Name)
	}
	b.Download = &r
	if b.Facts == nil || s.Data.SHA256 != "" {
		return
	}
	pin, ok := b.Facts.Data(r.Asked())
	if !ok {
		b.faultAt("Data without a pin", "What %s is now is not pinned: run runpipe lock.", b.Address)
	}
	s.Data.SHA256, s.Data.Commit, s.Data.Files = pin.SHA256, pin.Commit, pin.Files
}

func (dataKind) Attributes(s *Stage, output func(string) cty.Value) map[string]cty.Value {
	return map[string]cty.Value{"path": output(s.Data.Name)}
}

// dataArguments has, for each argument that says where data is from, the others that
// may stand beside it.
var dataArguments = map[string][]string{
	"url":         {"sha256", "extract"},
	"path":        {"sha256", "extract"},
	"repository":  {"ref", "path", "extract"},
	"huggingface": {"revision", "files", "endpoint", "token_env"},
}

// dataSource is the argument that says where the data is from, or "" with a fault.
func (b *Block) dataSource() string {
	source := ""
	for _, name := range []string{"url", "huggingface", "repository", "path"} {
		a := b.Group.get(name)
		switch {
		case a == nil:
		case source == "":
			source = name
		case name == "path" && source == "repository": // within it
		case name == "path" && source == "huggingface":
			b.fault(a, nil, "Two places", "Some files of a repository of Hugging Face are chosen by files = [%q].", cmp.Or(textOf(a), "*.json"))
			return ""
		default:
			b.fault(a, nil, "Two places", "%s and %s exclude each other: the data comes from one place.", source, name)
			return ""
		}
	}
	if source == "" {
		b.faultAt("Missing value", "%s does not say where its data is: at a url, at a path on this machine, in a repository of Hugging Face (huggingface), or in Git LFS (repository and path).", b.Address)
		return ""
	}
	for _, name := range []string{"sha256", "extract", "revision", "files", "endpoint", "token_env", "ref"} {
		if a := b.Group.get(name); a != nil && !slices.Contains(dataArguments[source], name) {
			b.fault(a, nil, "Unsuitable argument", "%s", misplaced(name, source))
		}
	}
	return source
}

// misplaced says why an argument of another source may not stand here.
func misplaced(name, source string) string {
	switch {
	case source == "huggingface" && name == "ref":
		return "A branch, tag or commit of the hub is its revision."
	case source == "repository" && name == "revision":
		return "A branch, a tag or a commit is the ref."
	case source == "huggingface" && name == "sha256":
		return "A repository of Hugging Face has many files: runpipe lock pins its commit, and the sha256 of each. To take one commit, give it as the revision."
	case source == "repository" && name == "sha256":
		return "The commit says the sha256 of a file in Git LFS, and runpipe lock pins it."
	case source == "huggingface" && name == "extract":
		return "extract is for one archive; download one of the hub's by its url (…/resolve/<revision>/<file>)."
	}
	for _, home := range []string{"huggingface", "repository", "url"} {
		if slices.Contains(dataArguments[home], name) {
			return name + " belongs to " + home + ", and not to " + source + "."
		}
	}
	return name + " does not belong to " + source + "."
}

func (b *Block) fromURL(a *Argument, r *DataRequest, d *Data) {
	if b.settled(a) {
		r.Range, r.URL = a.Expr.Range(), b.downloadURL(a)
		d.URL, d.Name = git.Redact(r.URL), fileName(r.URL)
	}
}

func (b *Block) fromPath(a *Argument, r *DataRequest, d *Data) {
	if b.settled(a) {
		r.Range, r.Path = a.Expr.Range(), b.dataPath(a)
		d.Path, r.Written = r.Path, textOf(a)
		d.Name = fileName(d.Path)
	}
}

var hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// sha256 reads the declared digest: 64 hex digits, with or without "sha256:".
func (b *Block) sha256() string {
	a := b.Group.get("sha256")
	if !b.settled(a) {
		return ""
	}
	text, ok := b.quoted(a, "it is a text of 64 hex digits.")
	sum := strings.TrimPrefix(strings.ToLower(text), "sha256:")
	if ok && !hexDigest.MatchString(sum) {
		b.fault(a, nil, unsuitable, "A sha256 has 64 hex digits, as sha256sum prints them; this has %d characters.", len(sum))
		return ""
	}
	return sum
}

func (b *Block) downloadURL(a *Argument) string {
	text, ok := b.text(a)
	if !ok {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		b.fault(a, nil, unsuitable, "A file is downloaded from an address that begins with https:// or http://. For a file on this machine write path = … instead.")
		return ""
	}
	if advice := aboutHub(u); advice != "" {
		b.fault(a, nil, unsuitable, "%s", advice)
		return ""
	}
	return text
}

// dataPath is absolute; a relative path starts at the pipeline's folder.
func (b *Block) dataPath(a *Argument) string {
	text, ok := b.text(a)
	switch {
	case !ok:
		return ""
	case strings.Contains(text, "://"):
		b.fault(a, nil, unsuitable, "path is a file on this machine; write url = … for what is to be downloaded.")
		return ""
	case strings.HasPrefix(text, "~"):
		b.fault(a, nil, unsuitable, "~ is the shell's: write the folder's whole path.")
		return ""
	case filepath.IsAbs(text):
		return filepath.Clean(text)
	}
	return filepath.Join(b.Dir, filepath.FromSlash(text))
}

func textOf(a *Argument) string {
	v, _ := a.Value.Unmark()
	if !isText(v) {
		return ""
	}
	return v.AsString()
}

var fileNameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+=,@-]{0,199}$`)

// fileName is the last part of an address or a path, which programs go by; "data"
// where that is no name that needs no quoting.
func fileName(place string) string {
	if u, err := url.Parse(place); err == nil && u.Host != "" {
		place = u.Path
	}
	if name := path.Base(place); fileNameForm.MatchString(name) {
		return name
	}
	return "data"
}

// withoutArchive is the name of the folder that an archive is unpacked into.
func withoutArchive(name string) string {
	for _, ending := range []string{".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar", ".zip"} {
		if short, ok := strings.CutSuffix(name, ending); ok && short != "" {
			return short
		}
	}
	return name
}
