package python

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// The lines of a pylock.toml as uv writes it: one [[packages]] table a package,
// with one file in each inline table. Anything else in it is of no interest here.
var (
	pylockText   = regexp.MustCompile(`^(name|version) = "([^"\\]*)"$`)
	pylockOrigin = regexp.MustCompile(`^(vcs|directory|archive) = \{`)
	pylockFile   = regexp.MustCompile(`\{[^{}]*?\b(?:url|path) = "([^"\\]*)"[^{}]*?\bhashes = \{([^{}]*)\}[^{}]*\}`)
	pylockSHA256 = regexp.MustCompile(`\bsha256 = "([0-9a-f]{64})"`)
)

// parsePylock reads the packages of a pylock.toml (PEP 751) that was resolved
// for one version and platform. Of a package that has a wheel the source is left
// out: it would never be installed.
func parsePylock(text string) ([]Package, error) {
	_, tables, found := strings.Cut(text, "[[packages]]")
	if !found {
		if !strings.Contains(text, "lock-version") {
			return nil, errors.New("it is no pylock.toml")
		}
		return nil, nil
	}
	var all []Package
	for table := range strings.SplitSeq(tables, "[[packages]]") {
		p, err := parsePylockPackage(table)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func parsePylockPackage(table string) (Package, error) {
	p := Package{Files: map[string]string{}}
	for line := range strings.SplitSeq(table, "\n") {
		line = strings.TrimSpace(line)
		if m := pylockText.FindStringSubmatch(line); m != nil {
			if m[1] == "name" {
				p.Name = Normalize(m[2])
			} else {
				p.Version = m[2]
			}
		}
		origin := ""
		if m := pylockOrigin.FindStringSubmatch(line); m != nil {
			origin = m[1]
		}
		if origin == "vcs" || origin == "directory" {
			return p, &OriginError{p.Name}
		}
		for _, file := range pylockFile.FindAllStringSubmatch(line, -1) {
			if sum := pylockSHA256.FindStringSubmatch(file[2]); sum != nil {
				p.Files[fileName(file[1])] = "sha256:" + sum[1]
			}
			if origin == "archive" {
				p.URL = file[1]
			}
		}
	}
	if p.Name == "" {
		return p, errors.New("a package has no name")
	}
	if p.Version == "" && p.URL != "" {
		p.Version = versionOf(fileName(p.URL))
	}
	return p, p.settle()
}

// OriginError is a package that comes from a repository or a folder.
type OriginError struct{ Name string }

// Error says which package is taken from where no hash can be checked.
func (e *OriginError) Error() string {
	return e.Name + " comes from a repository or a folder, of which no installer can check a hash: ask for a released version, " +
		"or lay a clone over the environment (install)"
}

// settle leaves out the sources of a package that has wheels, and refuses an
// address with a password in it.
func (p *Package) settle() error {
	if p.URL != "" {
		if u, err := url.Parse(p.URL); err != nil || u.User != nil {
			return fmt.Errorf("the address of %s holds credentials, which must not be written to a lock file: give its index instead (index = …)", p.Name)
		}
	}
	if p.FromSource() {
		return nil
	}
	for name := range p.Files {
		if !strings.HasSuffix(name, ".whl") {
			delete(p.Files, name)
		}
	}
	return nil
}

// fileName is the last element of an address or path.
func fileName(address string) string {
	if u, err := url.Parse(address); err == nil {
		return path.Base(u.Path)
	}
	return path.Base(address)
}

// versionOf is the version that a file's name tells (PEP 427, PEP 625), or "".
func versionOf(name string) string {
	if stem, ok := strings.CutSuffix(name, ".whl"); ok {
		if parts := strings.Split(stem, "-"); len(parts) >= 5 {
			return parts[1]
		}
		return ""
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(name, ".zip"), ".tar.gz")
	return stem[strings.LastIndex(stem, "-")+1:]
}
