package git

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/go-git/go-billy/v5/osfs"
	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// FetchOptions are what a fetch may be told besides the commit.
type FetchOptions struct {
	Paths    []string // only submodules under these paths are fetched; none: all of them
	Progress Progress // may be nil
}

// Fetch brings the commit, without its history, and the submodules at the commits
// that it names, into bare repositories in the folder repos, and returns the
// commit's own. What is there already costs no network. Processes may fetch the
// same at once, and one that is killed leaves nothing half.
//
// Errors are of kind ErrGone where the repository no longer has the commit, and
// ErrSubmodule where a submodule cannot be had.
func Fetch(ctx context.Context, repos string, r Remote, commit string, o FetchOptions) (bare string, err error) {
	if !isCommit(commit) {
		return "", fmt.Errorf("%q is not a whole commit", commit)
	}
	defer o.Progress.report("", 0, 0)
	bare = r.Bare(repos)
	if err := fetchOne(ctx, repos, r, commit, o.Progress); err != nil {
		return "", err
	}
	return bare, fetchSubmodules(ctx, repos, r, commit, o, 0)
}

// fetchOne brings one commit of one repository.
func fetchOne(ctx context.Context, repos string, r Remote, commit string, tell Progress) error {
	bare := r.Bare(repos)
	if Has(bare, commit) {
		return nil
	}
	to, err := readSettings(ctx).reached(r)
	if err != nil {
		return err
	}
	if to.Local() {
		from, err := gitDir(to)
		if err != nil {
			return err
		}
		return fetchFrom(ctx, repos, r, from, commit, tell)
	}
	dir, err := private(repos, r)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	whole, err := download(ctx, to, dir, commit, tell)
	if err != nil {
		return explain(ctx, r, err)
	}
	if !whole {
		return publish(dir, bare, commit)
	}
	return fetchFrom(ctx, repos, r, dir, commit, tell)
}

// download brings a commit from a server into the bare repository dir, by the
// cheapest way that the server allows. whole says that all of the repository came.
//
// One commit by its id wants a server that allows it: the large hosts do, and in
// version 2 of the protocol, which git speaks and go-git does not, all do.
func download(ctx context.Context, r Remote, dir, commit string, tell Progress) (whole bool, err error) {
	s := readSettings(ctx)
	git, installed := findProgram()
	byID := commit + ":" + pinRef(commit)
	if installed && s.preferGit(r) {
		return false, checkCommit(dir, r, commit, git.fetch(ctx, r, dir, tell, []string{"--depth=1"}, byID))
	}
	err = fetchRefspecs(ctx, r, s, dir, 1, tell, byID)
	if !errors.Is(err, gogit.ErrExactSHA1NotSupported) {
		if installed && err != nil && (wantsLogin(err) || kindOf(err) == ErrGone) {
			err = git.fetch(ctx, r, dir, tell, []string{"--depth=1"}, byID)
		}
		return false, checkCommit(dir, r, commit, err)
	}
	all, err := listWith(ctx, r, s)
	if err != nil {
		return false, err
	}
	if names := all.at(commit); len(names) > 0 {
		err := fetchRefspecs(ctx, r, s, dir, 1, tell, "+"+names[0]+":"+pinRef(commit))
		return false, checkCommit(dir, r, commit, err)
	}
	if installed {
		if err := git.fetch(ctx, r, dir, tell, []string{"--depth=1"}, byID); err == nil || kindOf(err) == ErrGone {
			return false, checkCommit(dir, r, commit, err)
		}
	}
	err = fetchRefspecs(ctx, r, s, dir, 0, tell, "+refs/*:refs/all/*")
	return true, checkCommit(dir, r, commit, err)
}

// fetchRefspecs is a fetch by go-git. depth 0 is all of the history.
func fetchRefspecs(ctx context.Context, r Remote, s settings, dir string, depth int, tell Progress, refspecs ...string) error {
	storage := filesystem.NewStorage(osfs.New(dir), cache.NewObjectLRU(cacheSize))
	defer storage.Close()
	options := &gogit.FetchOptions{Depth: depth, Tags: gogit.NoTags, Force: true, Progress: &sideband{tell: tell}, ProxyOptions: s.proxyFor(r)}
	for _, spec := range refspecs {
		options.RefSpecs = append(options.RefSpecs, config.RefSpec(spec))
	}
	// A remote that the repository's configuration does not know: its address,
	// which may hold credentials, is written nowhere.
	anonymous := gogit.NewRemote(counted{storage, tell}, &config.RemoteConfig{Name: "anonymous", URLs: []string{r.url}})
	if err := anonymous.FetchContext(ctx, options); err != nil && !errors.Is(err, gogit.NoErrAlreadyUpToDate) {
		return err
	}
	return nil
}

// checkCommit says plainly when a fetch ended without the commit, or because the
// server no longer has it.
func checkCommit(dir string, r Remote, commit string, err error) error {
	if err != nil {
		if kindOf(err) == ErrGone {
			return gone(r, commit)
		}
		return err
	}
	objects, err := openStore(dir)
	if err != nil {
		return err
	}
	defer objects.close()
	found, err := objects.commit(commit)
	if err != nil {
		return gone(r, commit)
	}
	_, err = objects.tree(found.TreeHash)
	return err
}

func gone(r Remote, commit string) *Fault {
	return fault(ErrGone, "Commit not in the repository", fmt.Sprintf(
		"%s has no commit %s (any more): its history may have been rewritten, or the commit was never pushed. Pin another one with lock --upgrade, or push the commit.", r, commit))
}
