package plan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/digest"
	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
)

// source is where data comes from.
type source struct {
	workspace *workspace.Workspace
	digests   func() (*digest.Cache, error)
	dir       string                          // of the pipeline
	environ   []string                        // of the submitter
	progress  func(label string) git.Progress // may be nil
}

// tell is the bar of one data stage, with what ends it.
func (s source) tell(d pipeline.Data) (tell git.Progress, end func()) {
	if s.progress == nil {
		return nil, func() {}
	}
	tell = s.progress(d.Address.String())
	return tell, func() { tell("", 0, 0) }
}

// pin learns what data is now, or at a commit.
func (s source) pin(ctx context.Context, d pipeline.Data, commit string) (lock.DataPin, error) {
	tell, end := s.tell(d)
	defer end()
	switch {
	case d.Hub != nil:
		return s.pinHub(ctx, d.Hub, commit, tell)
	case d.LFS != nil:
		return s.pinLFS(ctx, d.LFS, commit, tell)
	case d.URL != "":
		return s.download(ctx, d.URL, "", tell)
	}
	return s.local(ctx, d, "", tell)
}

// fetch brings what was pinned to this machine. Of data that is here already it only
// sees to it that it is still what it was.
func (s source) fetch(ctx context.Context, d pipeline.Data, pinned *stages.Data) error {
	tell, end := s.tell(d)
	defer end()
	for _, sum := range pinned.Downloads() {
		if err := s.dropDamaged(ctx, sum); err != nil {
			return err
		}
	}
	var err error
	switch {
	case d.Hub != nil:
		err = s.fetchHub(ctx, d.Hub, pinned, tell)
	case d.LFS != nil:
		err = s.fetchLFS(ctx, d.LFS, pinned, tell)
	case d.URL != "":
		_, err = s.download(ctx, d.URL, pinned.SHA256, tell)
	default:
		_, err = s.local(ctx, d, pinned.SHA256, tell)
	}
	return err
}

// download brings a file here. With want set it must have that sha256.
func (s source) download(ctx context.Context, address, want string, tell git.Progress) (lock.DataPin, error) {
	o := download.Options{SHA256: want}
	if tell != nil {
		o.Progress = func(done, total int64) { tell(git.Receiving, done, total) }
	}
	r, err := download.Get(ctx, address, s.workspace.Data(), o)
	return lock.DataPin{SHA256: r.SHA256, Size: r.Size}, err
}

// dropDamaged removes a downloaded file that is no longer what its name says. One
// that is whole gets a new change time: gc leaves alone what was used a while ago.
func (s source) dropDamaged(ctx context.Context, want string) error {
	path := download.Path(s.workspace.Data(), want)
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return nil
	}
	got, err := s.digest(ctx, path, nil)
	if err != nil {
		return err
	}
	if got == want {
		_ = os.Chtimes(path, time.Time{}, info.ModTime()) // fails for another user's file
		return nil
	}
	return os.Remove(path)
}

func (s source) local(ctx context.Context, d pipeline.Data, want string, tell git.Progress) (lock.DataPin, error) {
	info, err := os.Stat(d.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return lock.DataPin{}, &download.Fault{Summary: "Missing file", Detail: fmt.Sprintf("there is no %s on this machine.", d.Path)}
	case err != nil:
		return lock.DataPin{}, err
	case info.IsDir():
		return lock.DataPin{}, &download.Fault{Summary: "Unsuitable file", Detail: fmt.Sprintf("%s is a folder: data is one file. An archive of it (tar -cf) with extract = true becomes a folder again.", d.Path)}
	}
	got, err := s.digest(ctx, d.Path, tell)
	if err != nil {
		return lock.DataPin{}, err
	}
	if want != "" && got != want {
		return lock.DataPin{}, &download.Fault{Summary: "Another file", Detail: fmt.Sprintf("%s has the sha256 %s, and %s is wanted: the file was changed. Correct its sha256, or pin it anew (runpipe lock --upgrade=%s).", d.Path, got, want, d.Address)}
	}
	return lock.DataPin{SHA256: got, Size: info.Size()}, nil
}

// digest is the sha256 of a file, in hex.
func (s source) digest(ctx context.Context, path string, tell git.Progress) (string, error) {
	cache, err := s.digests()
	if err != nil {
		return "", err
	}
	var progress digest.Progress
	if tell != nil {
		progress = func(done, total int64) { tell(lock.Reading, done, total) }
	}
	got, err := cache.Read(ctx, path, progress)
	return strings.TrimPrefix(got, "sha256:"), err
}
