package lfs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
)

// batchSize is how many objects a server is asked for at once, as git-lfs does.
const batchSize = 100

// mediaType is that of the batch API.
const mediaType = "application/vnd.git-lfs+json"

// object is an object in a request and in its answer.
type object struct {
	OID     string `json:"oid"`
	Size    int64  `json:"size"`
	Actions *struct {
		Download *action `json:"download"`
	} `json:"actions,omitempty"`
	Error *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// action is where an object is to be had, and what that server wants to be told.
type action struct {
	Href   string            `json:"href"`
	Header map[string]string `json:"header"`
}

type request struct {
	Operation string   `json:"operation"`
	Transfers []string `json:"transfers"`
	Objects   []object `json:"objects"`
	Hash      string   `json:"hash_algo"`
}

type response struct {
	Transfer string   `json:"transfer"`
	Objects  []object `json:"objects"`
}

// errLogin says that the server wants a login.
var errLogin = &download.Fault{Summary: "Login wanted", Detail: "the Git LFS server wants a login."}

// ask asks the server where the objects are to be had. If it wants a login, the user's
// credential helpers are asked for one, which stays with the places.
func ask(ctx context.Context, places *git.LFSPlaces, files []git.LFSFile) (map[string]action, error) {
	found, err := batch(ctx, *places, files)
	if errors.Is(err, errLogin) {
		again, ok := places.LogIn(ctx)
		if !ok {
			return nil, loginWanted(*places, files)
		}
		*places = again
		if found, err = batch(ctx, again, files); errors.Is(err, errLogin) {
			return nil, loginWanted(*places, files)
		}
	}
	return found, err
}

func loginWanted(places git.LFSPlaces, files []git.LFSFile) error {
	return &download.Fault{Summary: "Login wanted", Detail: fmt.Sprintf("The Git LFS server of %s wants a login for %s%s, at %s. Let git remember one (git config --global credential.helper store, then clone it once by hand), or leave pointers as they are with lfs = false in the clone.", places.Remote, files[0].Path, more(files), git.Redact(places.Server))}
}

func batch(ctx context.Context, places git.LFSPlaces, files []git.LFSFile) (map[string]action, error) {
	header := http.Header{"Accept": {mediaType}, "Content-Type": {mediaType}}
	for name, values := range places.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	wanted := request{Operation: "download", Transfers: []string{"basic"}, Hash: "sha256"}
	for _, f := range files {
		wanted.Objects = append(wanted.Objects, object{OID: f.OID, Size: f.Size})
	}
	var said response
	_, err := download.Ask(ctx, download.Question{
		Address: places.Server + "/objects/batch", Header: header, Body: wanted,
		Refused: func(r *http.Response) *download.Fault { return refused(r, places) },
	}, &said)
	if err != nil {
		return nil, err
	}
	if said.Transfer != "" && said.Transfer != "basic" {
		return nil, &download.Fault{Summary: "Unsuitable LFS server", Detail: fmt.Sprintf("The Git LFS server of %s only offers transfers by %q, and basic ones are spoken here.", places.Remote, said.Transfer)}
	}
	return actionsOf(said, places, files)
}

// actionsOf has where each of the files is to be had.
func actionsOf(said response, places git.LFSPlaces, files []git.LFSFile) (map[string]action, error) {
	found := map[string]action{}
	for _, o := range said.Objects {
		if o.Error != nil {
			return nil, &download.Fault{Summary: "Git LFS content missing", Detail: fmt.Sprintf("The Git LFS server of %s does not give %s (sha256 %s): %s (%d). Was it pushed (git lfs push --all)?", places.Remote, pathOf(o.OID, files), o.OID, strings.TrimSuffix(git.Redact(o.Error.Message), "."), o.Error.Code)}
		}
		if o.Actions != nil && o.Actions.Download != nil && webAddress(o.Actions.Download.Href) {
			found[o.OID] = *o.Actions.Download
		}
	}
	for _, f := range files {
		if _, ok := found[f.OID]; !ok {
			return nil, &download.Fault{Summary: "Git LFS content missing", Detail: fmt.Sprintf("The Git LFS server of %s does not say where %s (sha256 %s) is to be had.", places.Remote, f.Path, f.OID)}
		}
	}
	return found, nil
}

func webAddress(address string) bool {
	return strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
}

func pathOf(oid string, files []git.LFSFile) string {
	for _, f := range files {
		if f.OID == oid {
			return f.Path
		}
	}
	return "an object"
}

func refused(r *http.Response, places git.LFSPlaces) *download.Fault {
	switch r.StatusCode {
	case http.StatusUnauthorized:
		return errLogin
	case http.StatusForbidden, http.StatusNotFound, http.StatusNotImplemented:
		return &download.Fault{Summary: "Git LFS refused", Detail: fmt.Sprintf("%s has no Git LFS at %s, or does not let you read it (%s).", places.Remote, git.Redact(places.Server), r.Status)}
	}
	return nil
}

// get downloads one object. Its address is signed and another each time, so that the
// partial file goes by the digest.
func get(ctx context.Context, f git.LFSFile, a action, dir string, progress *tally) error {
	o := download.Options{SHA256: f.OID, Name: "sha256:" + f.OID, Header: http.Header{}}
	for name, value := range a.Header {
		o.Header.Set(name, value)
	}
	if progress != nil {
		o.Progress = func(done, _ int64) { progress.add(f.OID, done) }
	}
	_, err := download.Get(ctx, a.Href, dir, o)
	var known *download.Fault
	if errors.As(err, &known) {
		return &download.Fault{Summary: known.Summary, Detail: f.Path + " in Git LFS: " + known.Detail}
	}
	return err
}
