package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/stages/git"
)

// dataKind puts a file that is known by its sha256 into the store: from a URL, or
// from a path on this machine.
type dataKind struct{}

func (dataKind) Name() string { return "data" }

func (dataKind) Spec() hcldec.ObjectSpec { return arguments("url", "path", "sha256", "extract") }

func (dataKind) Decode(b *Block, s *Stage) {
	address, place := b.Group.get("url"), b.Group.get("path")
	switch {
	case address == nil && place == nil:
		b.faultAt("Missing value", "%s says neither where its file is downloaded from (url) nor where it is (path).", b.Address)
	case address != nil && place != nil:
		b.fault(place, nil, "Two places", "url and path exclude each other: the file comes from one place.")
	}
	s.Data = &Data{Extract: b.flag(b.Group.get("extract")), SHA256: b.sha256()}
	r := DataRequest{SHA256: s.Data.SHA256}
	if b.settled(address) {
		r.Range, r.URL = address.Expr.Range(), b.downloadURL(address)
		s.Data.URL = git.Redact(r.URL)
		s.Data.Name = fileName(r.URL)
	}
	if b.settled(place) {
		r.Range, s.Data.Path = place.Expr.Range(), b.dataPath(place)
		r.Path, r.Written = s.Data.Path, textOf(place)
		s.Data.Name = fileName(s.Data.Path)
	}
	if s.Data.Extract {
		s.Data.Name = withoutArchive(s.Data.Name)
	}
	b.Download = &r
	if b.Facts == nil || s.Data.SHA256 != "" {
		return
	}
	sum, ok := b.Facts.Data(r.Asked())
	if !ok {
		b.faultAt("Data without a pin", "The sha256 of %s is neither written here nor pinned: run runpipe lock.", b.Address)
	}
	s.Data.SHA256 = sum
}

func (dataKind) Attributes(s *Stage, output func(string) cty.Value) map[string]cty.Value {
	return map[string]cty.Value{"path": output(s.Data.Name)}
}

// DataRequest is what a data block asks for, before it is pinned.
type DataRequest struct {
	URL     string // as written, with what credentials there are in it; or
	Path    string // absolute
	Written string // the path as it is written
	SHA256  string // as declared, 64 hex digits; "" is to be pinned
	Range   hcl.Range
}

// Asked names what is asked for in the lock file, without credentials. Of an address
// that had any, or a query, which may hold some, a digest tells it from others.
func (r DataRequest) Asked() string {
	if r.URL == "" {
		return r.Written
	}
	shown := git.Redact(r.URL)
	if shown == r.URL {
		return shown
	}
	sum := sha256.Sum256([]byte(r.URL))
	return shown + "#" + hex.EncodeToString(sum[:6])
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

// dataWork publishes a file that was downloaded when the pipeline was applied, or
// that lies on this machine, once its digest was compared.
func dataWork(s *Stage, at Placement) work {
	d := s.Data
	command := []string{at.Runpipe, "data", "--sha256", d.SHA256}
	if d.Extract {
		command = append(command, "--extract")
	}
	from := d.Path
	if d.URL != "" {
		command, from = append(command, "--link"), at.Downloaded(d.SHA256)
	}
	return work{command: append(command, from, d.Name), outputs: map[string]string{"path": d.Name}}
}

func dataIngredients(d *Data, in map[string]any) {
	in["sha256"], in["name"] = d.SHA256, d.Name
	if d.Extract {
		in["extract"] = true
	}
}
