package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/memory"
)

// Resolution is what a ref stands for now.
type Resolution struct {
	Commit  string // 40 hex digits
	Ref     string // full name, such as refs/heads/main; "" for a commit
	Warning string // a sentence when the name may mean something else too, or ""
}

// Resolve finds the commit that ref stands for: a branch, a tag (peeled, if it is
// annotated), a full or short commit, a full name such as refs/heads/main, or ""
// for the default branch. A full commit is taken at its word, without asking; a
// short one costs the history of a remote repository that has no ref at it.
func Resolve(ctx context.Context, r Remote, ref string) (Resolution, error) {
	lower := strings.ToLower(ref)
	if isCommit(lower) && !r.Local() {
		return Resolution{Commit: lower}, nil
	}
	if r.Local() {
		return resolveLocal(r, ref)
	}
	to, all, err := list(ctx, r)
	if err != nil {
		return Resolution{}, err
	}
	if to.Local() { // by insteadOf
		return resolveLocal(to, ref)
	}
	if found, ok := choose(r, all, ref); ok {
		return found, nil
	}
	if isShort(lower) {
		return resolveShort(ctx, to, all, lower)
	}
	return Resolution{}, all.missing(r, ref)
}

// choose takes the ref that git would take, and warns if it had a choice.
func choose(r Remote, all *refs, ref string) (Resolution, bool) {
	full := all.find(ref)
	if len(full) == 0 {
		return Resolution{}, false
	}
	found := Resolution{Commit: all.commit[full[0]], Ref: full[0]}
	for _, other := range full[1:] {
		if all.commit[other] != found.Commit && strings.HasPrefix(other, "refs/heads/") {
			found.Warning = fmt.Sprintf("%q is a tag and a branch of %s. The tag is used, as git does; write %q for the branch.", ref, r, other)
		}
	}
	return found, true
}

// list asks a remote for its refs. It returns the remote as the user's git
// configuration says it is reached; if that is a folder, there is no list.
func list(ctx context.Context, r Remote) (Remote, *refs, error) {
	s := readSettings(ctx)
	to, err := s.reached(r)
	if err != nil || to.Local() {
		return to, nil, err
	}
	all, err := listWith(ctx, to, s)
	if err == nil && all.empty() {
		err = transport.ErrEmptyRemoteRepository
	}
	return to, all, explain(ctx, r, err)
}

func listWith(ctx context.Context, r Remote, s settings) (*refs, error) {
	git, installed := findProgram()
	if !installed || !s.preferGit(r) {
		anonymous := gogit.NewRemote(memory.NewStorage(), &config.RemoteConfig{Name: "anonymous", URLs: []string{r.url}})
		found, err := anonymous.ListContext(ctx, &gogit.ListOptions{PeelingOption: gogit.AppendPeeled, ProxyOptions: s.proxyFor(r)})
		if err == nil {
			return refsFrom(found), nil
		}
		if !installed || !wantsLogin(err) {
			return nil, err
		}
	}
	text, err := git.list(ctx, r)
	if err != nil {
		return nil, err
	}
	return refsFromText(text), nil
}

// preferGit reports whether git knows more than go-git of how to reach r.
func (s settings) preferGit(r Remote) bool {
	if r.kind == overSSH {
		_, err := exec.LookPath("ssh")
		return err == nil || os.Getenv("GIT_SSH") != "" || os.Getenv("GIT_SSH_COMMAND") != ""
	}
	return s.http
}

func (s settings) proxyFor(r Remote) transport.ProxyOptions {
	if r.kind != overHTTP {
		return transport.ProxyOptions{}
	}
	return transport.ProxyOptions{URL: s.proxy}
}

// wantsLogin reports whether a credential helper may make the difference: some
// servers say "not found" to those who are not logged in.
func wantsLogin(err error) bool {
	return errors.Is(err, transport.ErrAuthenticationRequired) ||
		errors.Is(err, transport.ErrAuthorizationFailed) || errors.Is(err, transport.ErrRepositoryNotFound)
}

// resolveShort completes a short commit: from the refs, else from the history.
func resolveShort(ctx context.Context, r Remote, all *refs, short string) (Resolution, error) {
	found := all.starting(short)
	if len(found) == 0 {
		temporary, err := os.MkdirTemp("", "runpipe-history-")
		if err != nil {
			return Resolution{}, fmt.Errorf("resolving %s: %w", short, err)
		}
		defer os.RemoveAll(temporary)
		if found, err = history(ctx, r, temporary, short); err != nil {
			return Resolution{}, explain(ctx, r, err)
		}
	}
	return oneOf(r, all, short, found)
}

func oneOf(r Remote, all *refs, short string, found []string) (Resolution, error) {
	switch len(found) {
	case 0:
		return Resolution{}, all.missing(r, short)
	case 1:
		return Resolution{Commit: found[0]}, nil
	}
	return Resolution{}, fault(ErrNoRef, "Ambiguous commit", fmt.Sprintf("%q is the beginning of %d commits of %s: %s. Write more digits.", short, len(found), r, enumerate(found)))
}

// history fetches the commits of all branches and tags into dir, without trees and
// files where the server can leave them out, and finds those that begin with short.
func history(ctx context.Context, r Remote, dir, short string) ([]string, error) {
	if err := initialise(dir, r); err != nil {
		return nil, err
	}
	s := readSettings(ctx)
	refspecs := []string{"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"}
	if git, ok := findProgram(); ok {
		if err := git.fetch(ctx, r, dir, nil, []string{"--filter=tree:0"}, refspecs...); err != nil {
			return nil, err
		}
	} else if err := fetchRefspecs(ctx, r, s, dir, 0, nil, refspecs...); err != nil {
		return nil, err
	}
	objects, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	defer objects.close()
	return objects.starting(plumbing.CommitObject, short)
}
