package python

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Asked is what an environment asks for, which is what its Lock is found by.
type Asked struct {
	Packages     []string `json:"packages,omitempty"`     // requirement specifiers as written; or
	Requirements string   `json:"requirements,omitempty"` // the digest of a requirements file
	Python       string   `json:"python,omitempty"`       // wanted version, a prefix such as "3.10"; "" is any
	Platform     string   `json:"platform"`               // see Platform
	Index        string   `json:"index,omitempty"`        // without credentials; "" is the resolver's own
	ExtraIndex   []string `json:"extra_index,omitempty"`  // likewise
	Conda        string   `json:"conda,omitempty"`        // instead of Packages: the digest of conda's explicit list
}

// Digest is "sha256:<hex>" of all that was asked.
func (a Asked) Digest() string {
	data, err := json.Marshal(a)
	if err != nil {
		panic("what is asked is strings: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Lock is the exact packages of an environment.
type Lock struct {
	Manager  string    // Conda, or "" for packages of Python's own
	Python   string    // minor version: "3.11"; "" where conda's packages bring no interpreter
	Platform string    // see Platform
	Packages []Package // sorted by name; conda's in the order in which they are installed
}

// Conda is the Manager of a lock that conda's clients install.
const Conda = "conda"

// Package is one exact package.
type Package struct {
	Name    string            // as Normalize has it
	Version string            // PEP 440, with a local part such as "+cu124"
	Build   string            // of a conda package: "py310h5f9d8c6_0"
	URL     string            // where a direct reference (name @ url) or a conda package comes from; else ""
	Files   map[string]string // name of a wheel, a source archive or a conda package → "sha256:<hex>"
}

var separators = regexp.MustCompile(`[-_.]+`)

// Normalize is the one form of a package's name (PEP 503).
func Normalize(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// Hashes are the digests of the package's files, sorted.
func (p Package) Hashes() []string { return slices.Sorted(maps.Values(p.Files)) }

// FromSource reports whether the package has to be built: none of its files is a
// wheel.
func (p Package) FromSource() bool {
	for name := range p.Files {
		if strings.HasSuffix(name, ".whl") {
			return false
		}
	}
	return true
}

// Wheels is a requirements file with the packages that have wheels, Sources one
// with those that have to be built, or nothing. An installer checks every hash
// of them (pip's --require-hashes).
func (l *Lock) Wheels() []byte { return l.requirements(false) }

// Sources is the other part: see Wheels.
func (l *Lock) Sources() []byte { return l.requirements(true) }

func (l *Lock) requirements(source bool) []byte {
	var b strings.Builder
	for _, p := range l.Packages {
		if p.FromSource() != source {
			continue
		}
		if p.URL != "" {
			b.WriteString(p.Name + " @ " + p.URL)
		} else {
			b.WriteString(p.Name + "==" + p.Version)
		}
		for _, hash := range p.Hashes() {
			b.WriteString(" \\\n    --hash=" + hash)
		}
		b.WriteString("\n")
	}
	return []byte(b.String())
}

// Fetched is the lock for an installer that finds all files in one folder.
func (l *Lock) Fetched() *Lock {
	fetched := *l
	fetched.Packages = slices.Clone(l.Packages)
	for i := range fetched.Packages {
		fetched.Packages[i].URL = ""
	}
	return &fetched
}

// Versions are the packages' versions by name; of conda's with the build, as in
// "2.1.0=py310h5f9d8c6_0".
func (l *Lock) Versions() map[string]string {
	all := map[string]string{}
	for _, p := range l.Packages {
		all[p.Name] = p.Version
		if p.Build != "" {
			all[p.Name] += "=" + p.Build
		}
	}
	return all
}

// Digest is "sha256:<hex>" of the packages with their files.
func (l *Lock) Digest() string {
	sum := sha256.Sum256(slices.Concat([]byte(l.Python+" "+l.Platform+"\n"), l.Wheels(), l.Sources()))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (l *Lock) sort() {
	slices.SortFunc(l.Packages, func(a, b Package) int { return cmp.Compare(a.Name, b.Name) })
}
