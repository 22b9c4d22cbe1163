package conda

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/stages/git"
)

// marker is the line that makes a list explicit.
const marker = "@EXPLICIT"

// Package is one line of an explicit list.
type Package struct {
	Name, Version, Build string
	Subdir               string // "linux-64" or "noarch"
	File                 string // name of the archive
	URL                  string // as written, without the hash; it may hold ${NAME}
	MD5, SHA256          string // in hex; "" where the list has none
	line                 int    // from 1
}

// List is the packages of an explicit list, in the order in which they are
// installed.
type List struct{ Packages []Package }

var (
	webAddress  = regexp.MustCompile(`^https?://`)
	archiveName = regexp.MustCompile(`^([a-z0-9_][a-z0-9_.-]*)-([0-9A-Za-z._+!]+)-([0-9A-Za-z._+]+)\.(conda|tar\.bz2)$`)
	hashForm    = regexp.MustCompile(`^(?:(?:md5:)?([0-9a-f]{32})|(?:sha256:)?([0-9a-f]{64}))$`)
	// A word in the place of a user, a password or a token of a channel.
	variable   = regexp.MustCompile(`\$\{([A-Z_][A-Z0-9_]*)\}`)
	onlyNames  = regexp.MustCompile(`^\$\{[A-Z_][A-Z0-9_]*\}(:\$\{[A-Z_][A-Z0-9_]*\})?$`)
	tokenPlace = regexp.MustCompile(`/t/([^/]+)/`)
	subdirForm = regexp.MustCompile(`^(noarch|(linux|osx|win|freebsd|zos|emscripten|wasi)-[a-z0-9]+)$`)
	pipLine    = regexp.MustCompile(`^#\s*pip\s+([A-Za-z0-9._-]+)\s*(?:@|===?)\s*\S`)
	safeURL    = regexp.MustCompile(`^[A-Za-z0-9._~:/@!$&+,;=%{}-]+$`)
)

// Parse reads an explicit list. An error begins with the number of its line.
func Parse(data []byte) (*List, error) {
	if err := otherFormat(string(data)); err != nil {
		return nil, err
	}
	l, seen := &List{}, map[string]int{}
	for i, text := range lines(data) {
		number := i + 1
		switch {
		case pipLine.MatchString(text):
			return nil, fmt.Errorf("line %d: %s is a package of pip's, which no conda client installs from such a list: ask for it as a conda package and make the list anew", number, pipLine.FindStringSubmatch(text)[1])
		case text == "" || text[0] == '#' || text == marker:
			continue
		}
		p, err := parseLine(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if first := seen[p.Name]; first > 0 {
			return nil, fmt.Errorf("line %d: %s stands on line %d already, and an environment has each package once", number, p.Name, first)
		}
		seen[p.Name], p.line = number, number
		l.Packages = append(l.Packages, p)
	}
	if len(l.Packages) == 0 {
		return nil, errors.New("it lists no packages")
	}
	return l, nil
}

// lines are the text's, trimmed.
func lines(data []byte) []string {
	all := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

func parseLine(text string) (Package, error) {
	address, hash, hashed := strings.Cut(text, "#")
	if err := checkAddress(address); err != nil {
		return Package{}, err
	}
	parts := strings.Split(address, "/")
	p := Package{URL: address, File: parts[len(parts)-1], Subdir: parts[len(parts)-2]}
	m := archiveName.FindStringSubmatch(p.File)
	if m == nil {
		return Package{}, fmt.Errorf("%s is no conda package, which is called name-version-build.conda or .tar.bz2", p.File)
	}
	if !subdirForm.MatchString(p.Subdir) {
		return Package{}, fmt.Errorf("%s lies in %s, and the packages of a channel lie in folders such as linux-64 and noarch", p.File, p.Subdir)
	}
	p.Name, p.Version, p.Build = m[1], m[2], m[3]
	if !hashed {
		return p, nil
	}
	h := hashForm.FindStringSubmatch(strings.ToLower(hash))
	if h == nil {
		return Package{}, fmt.Errorf("what stands behind the # of %s is neither an md5 (32 hex digits) nor a sha256 (64)", p.File)
	}
	p.MD5, p.SHA256 = h[1], h[2]
	return p, nil
}

// checkAddress refuses what is not the same tomorrow or elsewhere, and secrets.
func checkAddress(address string) error {
	if !webAddress.MatchString(address) {
		return notAnAddress(address)
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://"), "/")
	user, _, has := cutLast(host, "@")
	token := tokenPlace.FindStringSubmatch(address)
	switch {
	case git.Redact(address) != address && !(has && onlyNames.MatchString(user)) || token != nil && !onlyNames.MatchString(token[1]):
		return errors.New("a password or token does not belong into a file: write ${NAME} in its place, set that variable where the pipeline is applied and name it in pass_env of the environment's block (conda list --explicit leaves them out by itself)")
	case strings.ContainsAny(address, "?*"), !safeURL.MatchString(address), strings.Count(address, "/") < 4:
		return fmt.Errorf("%q is not the address of a package in a channel, such as https://conda.anaconda.org/conda-forge/linux-64/NAME-VERSION-BUILD.conda", git.Redact(address))
	case strings.Contains(variable.ReplaceAllString(address, ""), "$"):
		return errors.New("only ${NAME}, in capital letters, is replaced in an address")
	}
	return nil
}

// notAnAddress says why a line that is none is not taken.
func notAnAddress(text string) error {
	switch {
	case strings.HasPrefix(text, "file:") || strings.HasPrefix(text, "/") || strings.HasPrefix(text, ".") || strings.HasPrefix(text, "~"):
		return errors.New("a file on this machine is not there on another: put the package into a channel, and name its address (https://…)")
	case strings.Contains(text, "://"):
		return fmt.Errorf("%s is not fetched: name an address that begins with https://", git.Redact(text))
	case strings.HasSuffix(text, ".conda") || strings.HasSuffix(text, ".tar.bz2"):
		return errors.New("a file's name is not where it comes from: name its whole address (https://…)")
	case strings.Contains(text, "=="):
		return fmt.Errorf("%s is a requirement of pip's: packages = [%q] asks for it, in a block without conda", text, text)
	}
	return fmt.Errorf("%s asks for a package and does not name its file: %s", text, Advice)
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(separator):], true
}

// Python is the version of the interpreter that the list brings, "" if it brings
// none.
func (l *List) Python() string {
	i := slices.IndexFunc(l.Packages, func(p Package) bool { return p.Name == "python" })
	if i < 0 {
		return ""
	}
	return l.Packages[i].Version
}

// CheckPlatform refuses packages for another kind of machine, given as
// python.Platform has it.
func (l *List) CheckPlatform(platform string) error {
	want := Subdir(platform)
	for _, p := range l.Packages {
		if p.Subdir == "noarch" || p.Subdir == want {
			continue
		}
		hint := ""
		if other := platformOf(p.Subdir); other != "" {
			hint = fmt.Sprintf("; platform = %q asks for those", other)
		}
		return fmt.Errorf("line %d: %s is for %s, and %s is wanted (%s)%s", p.line, p.File, p.Subdir, want, platform, hint)
	}
	return nil
}

// Variables are the names that stand as ${NAME} in addresses, sorted.
func (l *List) Variables() []string {
	var names []string
	for _, p := range l.Packages {
		for _, m := range variable.FindAllStringSubmatch(p.URL, -1) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
