package plan

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/lfs"
)

// fetchLarge brings what Git LFS keeps of a clone's commit.
func (p *Plan) fetchLarge(ctx context.Context, w lock.Wanted, bare, commit string, progress func(string) git.Progress) error {
	files, err := git.LFSFiles(bare, commit, w.Paths)
	if err != nil || len(files) == 0 {
		return err
	}
	remote, err := git.ParseRemote(w.Repository, filepath.Dir(p.File))
	if err != nil {
		return err
	}
	s := source{workspace: p.workspace, digests: digests(p.workspace)}
	for _, f := range files {
		if err := s.dropDamaged(ctx, f.OID); err != nil {
			return err
		}
	}
	tell := git.Progress(nil)
	if progress != nil {
		tell = progress(w.Address + " (Git LFS)")
		defer tell("", 0, 0)
	}
	return lfs.Fetch(ctx, lfs.Wanted{Remote: remote, Bare: bare, Commit: commit, Files: files}, p.workspace.Data(), tell)
}

// pinLFS reads the pointer of a file in Git LFS, which names its sha256.
func (s source) pinLFS(ctx context.Context, f *stages.LFS, commit string, tell git.Progress) (lock.DataPin, error) {
	remote, err := git.ParseRemote(f.Repository, s.dir)
	if err != nil {
		return lock.DataPin{}, err
	}
	if commit == "" {
		found, err := git.Resolve(ctx, remote, f.Ref)
		if err != nil {
			return lock.DataPin{}, err
		}
		commit = found.Commit
	}
	_, file, err := s.pointer(ctx, remote, commit, f.Path, tell)
	return lock.DataPin{SHA256: file.OID, Size: file.Size, Commit: commit}, err
}

// pointer fetches a commit and finds a file in it. The bar goes on with the content.
func (s source) pointer(ctx context.Context, r git.Remote, commit, file string, tell git.Progress) (bare string, found git.LFSFile, err error) {
	bare, err = git.Fetch(ctx, s.workspace.Repos(), r, commit, git.FetchOptions{Paths: []string{file}, Progress: tell})
	if err == nil {
		found, err = git.LFSFileAt(bare, commit, file)
	}
	return bare, found, err
}

// fetchLFS brings the content of a file in Git LFS.
func (s source) fetchLFS(ctx context.Context, f *stages.LFS, pinned *stages.Data, tell git.Progress) error {
	if _, err := os.Stat(download.Path(s.workspace.Data(), pinned.SHA256)); err == nil {
		return nil
	}
	remote, err := git.ParseRemote(f.Repository, s.dir)
	if err != nil {
		return err
	}
	bare, file, err := s.pointer(ctx, remote, pinned.Commit, f.Path, tell)
	if err != nil {
		return err
	}
	if file.OID != pinned.SHA256 {
		return &download.Fault{Summary: "Another file", Detail: fmt.Sprintf("commit %.7s of %s has the sha256 %s for %s, and the lock file %s: it was edited.", pinned.Commit, remote, file.OID, f.Path, cmp.Or(pinned.SHA256, "none"))}
	}
	return lfs.Fetch(ctx, lfs.Wanted{Remote: remote, Bare: bare, Commit: pinned.Commit, Files: []git.LFSFile{file}}, s.workspace.Data(), tell)
}

// largeOf lists the sha256 of what Git LFS keeps for a clone, as far as its commit is
// at hand: what is not was not fetched, and so need not be kept.
func (p *Plan) largeOf(s *Stage) []string {
	if s.Clone.Pointers {
		return nil
	}
	remote, err := git.ParseRemote(s.Clone.Repository, filepath.Dir(p.File))
	if err != nil {
		return nil
	}
	files, err := git.LFSFiles(remote.Bare(p.workspace.Repos()), s.Clone.Pin.Commit, s.Clone.Paths)
	if err != nil {
		return nil
	}
	var sums []string
	for _, f := range files {
		sums = append(sums, f.OID)
	}
	return sums
}
