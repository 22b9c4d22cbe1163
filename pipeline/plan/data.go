package plan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/digest"
	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
)

// Data is what a pipeline asks to have pinned: its data that does not say its
// digest. To read it means to download it, or to read it where it is.
func Data(p *pipeline.Pipeline, w *workspace.Workspace, progress func(label string) git.Progress) []lock.Data {
	s := source{w, digests(w), progress}
	var wanted []lock.Data
	for _, d := range p.Data() {
		if d.SHA256 == "" {
			wanted = append(wanted, lock.Data{
				Address: d.Address.String(), Asked: d.Asked(), Range: d.Range,
				Read: func(ctx context.Context) (lock.DataPin, error) { return s.read(ctx, d, "") },
			})
		}
	}
	return wanted
}

// fetchData sees to it that the data of the stages that run is on this machine and
// what was pinned, so that no job needs a network.
func (p *Plan) fetchData(ctx context.Context, progress func(label string) git.Progress) hcl.Diagnostics {
	s := source{p.workspace, digests(p.workspace), progress}
	asked := map[string]pipeline.Data{}
	for _, d := range p.data {
		asked[d.Address.String()] = d
	}
	var diags hcl.Diagnostics
	for _, stage := range p.Stages {
		if stage.Data == nil || stage.Action != Run {
			continue
		}
		d, ok := asked[stage.Address.String()]
		if !ok { // the plan was made from a run's record, which holds no credentials
			d = pipeline.Data{Address: stage.Address, DataRequest: stages.DataRequest{URL: stage.Data.URL, Path: stage.Data.Path}}
		}
		if _, err := s.read(ctx, d, stage.Data.SHA256); err != nil {
			diags = append(diags, dataDiagnostic(d, err))
		}
	}
	return diags
}

func dataDiagnostic(d pipeline.Data, err error) *hcl.Diagnostic {
	var fault *download.Fault
	if errors.As(err, &fault) {
		return diagnostic(d.Range, fault.Summary, d.Address.String()+": "+fault.Detail)
	}
	return diagnostic(d.Range, "Cannot be fetched", d.Address.String()+": "+git.Redact(err.Error())+".")
}

// source is where data comes from.
type source struct {
	workspace *workspace.Workspace
	digests   func() (*digest.Cache, error)
	progress  func(label string) git.Progress // may be nil
}

// read brings a file here, if it is to be downloaded, and digests it. With want set
// it must have that sha256.
func (s source) read(ctx context.Context, d pipeline.Data, want string) (lock.DataPin, error) {
	tell := git.Progress(nil)
	if s.progress != nil {
		tell = s.progress(d.Address.String())
		defer tell("", 0, 0)
	}
	if d.URL == "" {
		return s.local(ctx, d, want, tell)
	}
	if err := s.dropDamaged(ctx, want); err != nil {
		return lock.DataPin{}, err
	}
	o := download.Options{SHA256: want}
	if tell != nil {
		o.Progress = func(done, total int64) { tell(git.Receiving, done, total) }
	}
	r, err := download.Get(ctx, d.URL, s.workspace.Data(), o)
	return lock.DataPin{SHA256: r.SHA256, Size: r.Size}, err
}

// dropDamaged removes a downloaded file that is no longer what its name says. One
// that is whole gets a new change time: gc leaves alone what was used a while ago.
func (s source) dropDamaged(ctx context.Context, want string) error {
	path := download.Path(s.workspace.Data(), want)
	info, err := os.Stat(path)
	if want == "" || err != nil || info.IsDir() {
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
