package huggingface

import (
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/runpipe/runpipe/stages/download"
)

// Endpoint is the hub's own address.
const Endpoint = "https://huggingface.co"

// EndpointVariable and TokenVariable are what the hub's own client is told by. The
// first only says over which mirror the hub is reached.
const (
	EndpointVariable = "HF_ENDPOINT"
	TokenVariable    = "HF_TOKEN"
)

// Repository is a repository of the hub.
type Repository struct {
	Kind string // "models", "datasets" or "spaces", as in the hub's interface
	Name string // "org/name", or "name" alone for the oldest ones
}

// nameForm is what the hub allows in each part of a name.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,95}$`)

// Parse reads a repository as it stands in the hub's own addresses behind the
// host: "org/name" is a model, "datasets/org/name" a dataset.
func Parse(text string) (r Repository, ok bool) {
	r = Repository{Kind: "models", Name: text}
	for _, kind := range []string{"datasets", "spaces"} {
		if name, found := strings.CutPrefix(text, kind+"/"); found {
			r = Repository{kind, name}
		}
	}
	parts := strings.Split(r.Name, "/")
	for _, part := range parts {
		ok = nameForm.MatchString(part) && !strings.Contains(part, "..")
		if !ok {
			return Repository{}, false
		}
	}
	return r, len(parts) <= 2
}

// String is the repository as in the hub's own addresses.
func (r Repository) String() string {
	if r.Kind == "models" {
		return r.Name
	}
	return r.Kind + "/" + r.Name
}

// Access is how a hub is reached.
type Access struct {
	Endpoint string // without a slash at the end
	Token    string // a secret; "" is nobody's
	TokenEnv string // the variable that it is from, for messages; "" if none may be told to this hub
}

// Address is where a file of a commit is downloaded from.
func (a Access) Address(r Repository, commit, file string) string {
	parts := strings.Split(file, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return a.Endpoint + "/" + r.String() + "/resolve/" + commit + "/" + strings.Join(parts, "/")
}

// Header is what requests to the endpoint carry.
func (a Access) Header() http.Header {
	header := http.Header{}
	if a.Token != "" {
		header.Set("Authorization", "Bearer "+a.Token)
	}
	return header
}

// check refuses to send a token where others could read it.
func (a Access) check() error {
	u, err := url.Parse(a.Endpoint)
	if a.Token == "" || err == nil && (u.Scheme == "https" || onThisMachine(u.Hostname())) {
		return nil
	}
	return &download.Fault{Summary: "Token without encryption", Detail: "The endpoint " + a.Endpoint + " has no https, so that others could read the token of " + a.TokenEnv + ": use https, or unset the variable."}
}

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// IsEndpoint reports whether text is the address of a hub: no credentials, no query.
func IsEndpoint(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}
