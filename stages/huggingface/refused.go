package huggingface

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/runpipe/runpipe/stages/download"
)

// NoRevision and NoFile are the summaries of the faults that are not in the
// repository's name.
const (
	NoRevision = "No such revision"
	NoFile     = "No such file"
)

// Options are how download.Get brings a file of the repository.
func (a Access) Options(r Repository, commit string) (download.Options, error) {
	return download.Options{Header: a.Header(), Refused: a.refused(r, commit)}, a.check()
}

// refused explains what the hub refuses. It names its reasons in a header, as its
// own client reads it; a mirror may leave that out.
func (a Access) refused(r Repository, revision string) func(*http.Response) *download.Fault {
	page := a.Endpoint + "/" + r.String()
	return func(answer *http.Response) *download.Fault {
		if hub, err := url.Parse(a.Endpoint); err != nil || answer.Request.URL.Host != hub.Host {
			return nil // not the hub, but where it keeps large files
		}
		code, status := answer.Header.Get("X-Error-Code"), answer.StatusCode
		switch {
		case code == "GatedRepo":
			return &download.Fault{Summary: "Gated repository", Detail: fmt.Sprintf("%s wants its licence accepted: do so on %s, and %s.", r, page, a.login())}
		case code == "RevisionNotFound":
			return &download.Fault{Summary: NoRevision, Detail: fmt.Sprintf("%s has no branch, tag or commit %q. %s/tree/main shows what it has.", r, revision, page)}
		case code == "EntryNotFound":
			return &download.Fault{Summary: NoFile, Detail: fmt.Sprintf("%s has no such file at %s.", r, revision)}
		case status == http.StatusUnauthorized && a.Token != "" && code == "":
			return &download.Fault{Summary: "Login refused", Detail: fmt.Sprintf("%s does not accept the token of %s: it may have expired, or be another hub's.", a.Endpoint, a.TokenEnv)}
		case code == "RepoNotFound", status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusNotFound:
			return &download.Fault{Summary: "No such repository", Detail: fmt.Sprintf("%s has no %s, or it is private (%s). If it is a dataset, write huggingface = %q. If it is private or gated: accept its licence on %s if it has one, and %s.", a.Endpoint, r, answer.Status, "datasets/"+r.Name, page, a.login())}
		}
		return nil
	}
}

// login says how to be let in.
func (a Access) login() string {
	if a.TokenEnv == "" {
		return fmt.Sprintf("name the variable that has a token for this endpoint, which is told none by itself: token_env = %q", TokenVariable)
	}
	if a.Token == "" {
		return fmt.Sprintf("set %s to a token of your account", a.TokenEnv)
	}
	return fmt.Sprintf("see that the token of %s is of an account that may read it", a.TokenEnv)
}
