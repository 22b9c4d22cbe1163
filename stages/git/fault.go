package git

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// Fault is an error for the person who wrote the pipeline: what is wrong, and what
// to do. It holds no credentials. errors.Is finds the sentinel that it is.
type Fault struct {
	Summary string // short, without names
	Detail  string // what is wrong and what to do, one or more sentences
	Kind    error  // one of the sentinels of this package
}

// Error is the summary and the detail in one line.
func (f *Fault) Error() string { return f.Summary + ": " + f.Detail }

// Unwrap makes errors.Is find the fault's kind.
func (f *Fault) Unwrap() error { return f.Kind }

// The kinds of fault that callers tell apart.
var (
	ErrAddress        = errors.New("not the address of a repository")
	ErrNotRepository  = errors.New("not a repository")
	ErrEmpty          = errors.New("the repository has no commit")
	ErrNoRef          = errors.New("no such ref")
	ErrNetwork        = errors.New("the repository cannot be reached")
	ErrAuthentication = errors.New("the repository wants a login")
	ErrGone           = errors.New("the commit is no longer in the repository")
	ErrSubmodule      = errors.New("a submodule cannot be had")
	ErrPath           = errors.New("no such path in the commit")
	ErrUnsafe         = errors.New("the commit holds what must not be checked out")
	ErrDiffers        = errors.New("the folder is not what the commit holds")
	ErrFetch          = errors.New("the repository could not be read")
)

func fault(kind error, summary, detail string) *Fault {
	return &Fault{Summary: summary, Detail: Redact(detail), Kind: kind}
}

// explain turns an error of go-git or of git into a Fault about r. A cancelled
// context stays what it is.
func explain(ctx context.Context, r Remote, err error) error {
	var known *Fault
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("reading %s: %w", r, context.Cause(ctx))
	case errors.As(err, &known):
		return err
	}
	said := Redact(strings.TrimSpace(err.Error()))
	switch kindOf(err) {
	case ErrEmpty:
		return fault(ErrEmpty, "Empty repository", fmt.Sprintf("%s has no commit yet: commit something there first.", r))
	case ErrGone:
		return fault(ErrGone, "Commit not in the repository", fmt.Sprintf("%s does not give the commit (%s).", r, said))
	case ErrAuthentication:
		return fault(ErrAuthentication, "Login wanted", loginAdvice(r, said))
	case ErrNotRepository:
		return fault(ErrNotRepository, "No such repository", fmt.Sprintf("There is no repository at %s, or it is private and you are not logged in (%s).", r, said))
	case ErrNetwork:
		return fault(ErrNetwork, "Repository not reachable", fmt.Sprintf("%s cannot be reached: %s. Is this machine on the network, and may it reach that host? What is pinned and fetched already needs no network.", r, said))
	}
	return fault(ErrFetch, "Repository not readable", fmt.Sprintf("Reading %s failed: %s.", r, strings.TrimSuffix(said, ".")))
}

func loginAdvice(r Remote, said string) string {
	if r.kind == overSSH {
		return fmt.Sprintf("%s refuses the SSH login (%s). Load your key into an SSH agent (ssh-add), name it in ~/.ssh/config, and connect once by hand so that the host is known.", r, said)
	}
	return fmt.Sprintf("%s wants a login (%s). Let git remember one (git config --global credential.helper store, then clone it once by hand), or use its SSH address. Do not write a password into the pipeline.", r, said)
}

// kindOf sorts an error by its type, or by git's own English words.
func kindOf(err error) error {
	var network net.Error
	var unresolved *net.DNSError
	switch {
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return ErrEmpty
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed):
		return ErrAuthentication
	case errors.Is(err, transport.ErrRepositoryNotFound), errors.Is(err, gogit.ErrRepositoryNotExists):
		return ErrNotRepository
	case errors.As(err, &unresolved), errors.As(err, &network), errors.Is(err, context.DeadlineExceeded):
		return ErrNetwork
	case errors.Is(err, exec.ErrNotFound):
		return ErrFetch
	}
	text := strings.ToLower(err.Error())
	for _, known := range words {
		if strings.Contains(text, known.words) {
			return known.kind
		}
	}
	return ErrFetch
}

// words are what git, ssh and libcurl say, lower case; the first match counts.
var words = []struct {
	words string
	kind  error
}{
	{"not our ref", ErrGone},
	{"unadvertised object", ErrGone},
	{"couldn't find remote ref", ErrGone},
	{"permission denied", ErrAuthentication},
	{"authentication failed", ErrAuthentication},
	{"could not read username", ErrAuthentication},
	{"could not read password", ErrAuthentication},
	{"host key verification failed", ErrAuthentication},
	{"unable to authenticate", ErrAuthentication},
	{"knownhosts", ErrAuthentication},
	{"ssh_auth_sock", ErrAuthentication},
	{"ssh agent", ErrAuthentication},
	{"repository not found", ErrNotRepository},
	{"does not appear to be a git repository", ErrNotRepository},
	{"not a git repository", ErrNotRepository},
	{"returned error: 404", ErrNotRepository},
	{"' not found", ErrNotRepository},
	{"could not resolve", ErrNetwork},
	{"failed to connect", ErrNetwork},
	{"connection refused", ErrNetwork},
	{"connection timed out", ErrNetwork},
	{"connection reset", ErrNetwork},
	{"operation timed out", ErrNetwork},
	{"network is unreachable", ErrNetwork},
	{"no route to host", ErrNetwork},
	{"couldn't connect", ErrNetwork},
	{"unexpected eof", ErrNetwork},
	{"early eof", ErrNetwork},
	{"could not read from remote repository", ErrNetwork},
}
