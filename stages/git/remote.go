package git

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// Remote is a repository as a pipeline names it. It keeps its credentials to
// itself: every way of printing it leaves them out.
type Remote struct {
	shown  string // as written, without credentials
	url    string // with credentials; for a folder of this machine its absolute path
	kind   route
	inside bool // path may be inside the repository's working tree
}

// route is how a repository is reached.
type route int

const (
	folder   route = iota // a folder of this machine, read without any protocol
	overHTTP              // http and https
	overSSH               // ssh, in either of its notations
)

// programAddress matches git's "<helper>::<address>", which runs a program.
var programAddress = regexp.MustCompile(`^[A-Za-z0-9]+::`)

// ParseRemote reads a repository as a pipeline writes it: an https, http, ssh or
// file URL, git's short ssh notation (git@host:path), or a path relative to dir,
// the pipeline's folder. Nothing is looked up. Errors show no credentials.
func ParseRemote(repository, dir string) (Remote, error) {
	r := Remote{shown: Redact(repository)}
	scheme, rest, isURL := strings.Cut(repository, "://")
	before, after, colon := strings.Cut(repository, ":")
	switch {
	case strings.TrimSpace(repository) == "":
		return r, fault(ErrAddress, "No repository", "The repository is empty: write a URL, or a path such as \".\".")
	case strings.HasPrefix(repository, "-") || strings.ContainsFunc(repository, isControl) || programAddress.MatchString(repository):
		return r, fault(ErrAddress, "Unsuitable repository", fmt.Sprintf("%q is not the address of a repository.", r.shown))
	case isURL:
		return parseURL(r, strings.ToLower(scheme), rest, repository)
	case colon && !strings.Contains(before, "/"):
		host := before[strings.LastIndexByte(before, '@')+1:]
		if host == "" || strings.HasPrefix(host, "-") || after == "" {
			return r, fault(ErrAddress, "Unsuitable repository", fmt.Sprintf("%q is neither a URL nor git's short notation user@host:path.", r.shown))
		}
		r.kind, r.url = overSSH, repository
		return r, nil
	}
	place, err := absolute(repository, dir)
	if err != nil {
		return r, fault(ErrAddress, "Unsuitable repository", err.Error())
	}
	r.kind, r.url, r.inside = folder, place, true
	return r, nil
}

func parseURL(r Remote, scheme, rest, repository string) (Remote, error) {
	switch scheme {
	case "http", "https":
		r.kind, r.url = overHTTP, repository
	case "ssh", "git+ssh", "ssh+git":
		r.kind, r.url = overSSH, "ssh://"+rest
	case "file":
		place := rest[max(strings.IndexByte(rest, '/'), 0):]
		if unescaped, err := url.PathUnescape(place); err == nil {
			place = unescaped
		}
		if !path.IsAbs(place) {
			return r, fault(ErrAddress, "Unsuitable repository", fmt.Sprintf("The path of %s is not absolute: a file URL has three slashes, as in file:///home/me/code.", r.shown))
		}
		r.kind, r.url = folder, filepath.Clean(place)
		return r, nil
	default:
		return r, fault(ErrAddress, "Unsuitable repository", fmt.Sprintf("%s has the scheme %q; those that work are https, http, ssh and file.", r.shown, scheme))
	}
	u, err := url.Parse(r.url)
	if err != nil || u.Hostname() == "" || strings.HasPrefix(u.Hostname(), "-") || strings.Trim(u.Path, "/") == "" {
		return r, fault(ErrAddress, "Unsuitable repository", fmt.Sprintf("%s is not a valid URL of a repository: it wants the form %s://host/path.", r.shown, scheme))
	}
	if _, secret := u.User.Password(); secret && r.kind == overSSH {
		return r, fault(ErrAddress, "Password in an SSH address", fmt.Sprintf("ssh takes no password from an address, and %s would show it to everyone on the machine: leave it out, and use a key.", r.shown))
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return r, fault(ErrAddress, "Unsuitable repository", fmt.Sprintf("%s has a query or a fragment, which git does not know.", r.shown))
	}
	return r, nil
}

func absolute(repository, dir string) (string, error) {
	if rest, ok := strings.CutPrefix(repository, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("finding the home folder for %s: %w", repository, err)
		}
		return filepath.Join(home, rest), nil
	}
	if filepath.IsAbs(repository) {
		return filepath.Clean(repository), nil
	}
	return filepath.Abs(filepath.Join(dir, repository))
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// String is the repository as it is written, without credentials.
func (r Remote) String() string { return r.shown }

// GoString keeps credentials out of %#v too.
func (r Remote) GoString() string { return fmt.Sprintf("git.Remote(%q)", r.shown) }

// Local reports whether the repository is a folder of this machine.
func (r Remote) Local() bool { return r.kind == folder }

// public is the address without credentials: what a bare repository is named by,
// and what stands in its configuration.
func (r Remote) public() string { return Redact(r.url) }

// Bare is the path of the remote's bare repository in repos, whether or not it
// exists: <name>-<12 hex digits of the sha256 of the address without credentials>.git.
func (r Remote) Bare(repos string) string {
	sum := sha256.Sum256([]byte(r.public()))
	return filepath.Join(repos, r.name()+"-"+hex.EncodeToString(sum[:6])+".git")
}

// name is the last part of the address that says something, made fit for a file's name.
func (r Remote) name() string {
	parts := strings.FieldsFunc(r.public(), func(c rune) bool { return c == '/' || c == ':' })
	if n := len(parts); n > 1 && parts[n-1] == ".git" {
		parts = parts[:n-1]
	}
	if len(parts) == 0 {
		return "repository"
	}
	name := strings.TrimSuffix(parts[len(parts)-1], ".git")
	name = strings.Map(func(c rune) rune {
		if c == '-' || c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return '_'
	}, name)
	if name = strings.TrimLeft(name, ".-"); name == "" {
		return "repository"
	}
	return name[:min(len(name), 60)]
}
