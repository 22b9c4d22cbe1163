package git

import (
	"context"
	"strings"
)

// Unshared reports whether a commit of a repository on this machine is on no branch
// that it knows of any remote: nobody else can fetch it. It is false where that
// cannot be told.
func Unshared(ctx context.Context, r Remote, commit string) bool {
	git, ok := findProgram()
	if !ok || !r.Local() {
		return false
	}
	dir, err := gitDir(r)
	if err != nil {
		return false
	}
	in := func(args ...string) (string, error) {
		out, err := git.output(ctx, append([]string{"--git-dir=" + dir}, args...)...)
		return strings.TrimSpace(string(out)), err
	}
	// A bare one is what others clone.
	if bare, err := in("rev-parse", "--is-bare-repository"); err != nil || bare == "true" {
		return false
	}
	on, err := in("for-each-ref", "--count=1", "--contains="+commit, "--format=%(refname)", "refs/remotes")
	return err == nil && on == ""
}
