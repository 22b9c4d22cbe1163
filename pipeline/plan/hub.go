package plan

import (
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/huggingface"
)

// access is how the hub is reached. A mirror that the environment names has the same
// commits, and so changes nothing that is pinned. Without token_env the hub's own
// token is used, but never for another hub that a file names: whoever wrote that need
// not be its owner's friend.
func (s source) access(h *stages.Hub) (huggingface.Access, error) {
	a := huggingface.Access{Endpoint: h.Endpoint, TokenEnv: cmp.Or(h.TokenEnv, huggingface.TokenVariable)}
	if h.Endpoint != "" && h.TokenEnv == "" {
		a.TokenEnv = ""
	} else {
		token, _ := valueOf(s.environ, a.TokenEnv)
		a.Token = strings.TrimSpace(token)
	}
	if strings.ContainsFunc(a.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return a, &download.Fault{Summary: "Unsuitable token", Detail: fmt.Sprintf("What %s is set to is no token: it holds a space or a character that none has.", a.TokenEnv)}
	}
	if h.TokenEnv != "" && a.Token == "" {
		return a, &download.Fault{Summary: "Missing token", Detail: fmt.Sprintf("token_env names %s, and that variable is not set.", h.TokenEnv)}
	}
	if h.Endpoint != "" {
		return a, nil
	}
	a.Endpoint = huggingface.Endpoint
	if mirror, ok := valueOf(s.environ, huggingface.EndpointVariable); ok && mirror != "" {
		if a.Endpoint = strings.TrimRight(mirror, "/"); !huggingface.IsEndpoint(a.Endpoint) {
			return a, &download.Fault{Summary: "Unsuitable endpoint", Detail: fmt.Sprintf("%s is set to something else than the address of a hub, such as %s.", huggingface.EndpointVariable, huggingface.Endpoint)}
		}
	}
	return a, nil
}

// pinHub learns which commit a revision is, and what is in it. Of small files the hub
// tells no sha256: they are downloaded.
func (s source) pinHub(ctx context.Context, h *stages.Hub, commit string, tell git.Progress) (lock.DataPin, error) {
	access, err := s.access(h)
	if err != nil {
		return lock.DataPin{}, err
	}
	r, _ := huggingface.Parse(h.Repository) // it was parsed when the pipeline was loaded
	asked := cmp.Or(commit, h.Revision)
	found, err := huggingface.Resolve(ctx, access, r, asked)
	if err != nil {
		return lock.DataPin{}, err
	}
	if isCommit(asked) && found.Commit != asked {
		return lock.DataPin{}, &download.Fault{Summary: "Another commit", Detail: fmt.Sprintf("%s answers with commit %s where %s was asked for.", access.Endpoint, found.Commit, asked)}
	}
	chosen, err := choose(found.Files, h)
	if err != nil {
		return lock.DataPin{}, err
	}
	o, err := access.Options(r, found.Commit)
	if err != nil {
		return lock.DataPin{}, err
	}
	var small []huggingface.File
	for _, f := range chosen {
		if f.SHA256 == "" {
			small = append(small, f)
		}
	}
	sums := make([]string, len(small))
	err = s.each(ctx, small, tell, func(ctx context.Context, i int, f huggingface.File, progress func(done, total int64)) (err error) {
		o := o
		o.Progress = progress
		sums[i], err = s.small(ctx, access.Address(r, found.Commit, f.Path), f, o)
		return err
	})
	if err != nil {
		return lock.DataPin{}, err
	}
	pin := lock.DataPin{Commit: found.Commit}
	for _, f := range chosen {
		one := stages.DataFile{Path: f.Path, SHA256: f.SHA256, Size: f.Size}
		if one.SHA256 == "" {
			one.SHA256, sums = sums[0], sums[1:]
		}
		pin.Files, pin.Size = append(pin.Files, one), pin.Size+one.Size
	}
	return pin, nil
}

// small downloads a file of which only git's id is known, and gives its sha256.
func (s source) small(ctx context.Context, address string, f huggingface.File, o download.Options) (string, error) {
	got, err := download.Get(ctx, address, s.workspace.Data(), o)
	if err != nil {
		return "", err
	}
	path := download.Path(s.workspace.Data(), got.SHA256)
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha1.New()
	fmt.Fprintf(sum, "blob %d\x00", got.Size)
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	if got.Size != f.Size || hex.EncodeToString(sum.Sum(nil)) != f.Blob {
		return "", &download.Fault{Summary: "Another file", Detail: fmt.Sprintf("%s is not what the hub's own list of files says: it has %d bytes, or other ones, where git's blob %s of %d bytes was announced.", address, got.Size, f.Blob, f.Size)}
	}
	return got.SHA256, nil
}

// fetchHub brings the pinned files here, each once, whatever it is called.
func (s source) fetchHub(ctx context.Context, h *stages.Hub, pinned *stages.Data, tell git.Progress) error {
	var missing []huggingface.File
	known := map[string]bool{}
	for _, f := range pinned.Files {
		if _, err := os.Stat(download.Path(s.workspace.Data(), f.SHA256)); err != nil && !known[f.SHA256] {
			known[f.SHA256] = true
			missing = append(missing, huggingface.File{Path: f.Path, Size: f.Size, SHA256: f.SHA256})
		}
	}
	if len(missing) == 0 {
		return nil
	}
	access, err := s.access(h)
	if err != nil {
		return err
	}
	r, _ := huggingface.Parse(h.Repository)
	o, err := access.Options(r, pinned.Commit)
	if err != nil {
		return err
	}
	return s.each(ctx, missing, tell, func(ctx context.Context, _ int, f huggingface.File, progress func(done, total int64)) error {
		o := o
		o.SHA256, o.Progress = f.SHA256, progress
		_, err := download.Get(ctx, access.Address(r, pinned.Commit, f.Path), s.workspace.Data(), o)
		return err
	})
}

// atOnce is how many files are downloaded at the same time.
const atOnce = 4

// each works on several files at once, and tells how many bytes of all are done.
func (s source) each(ctx context.Context, files []huggingface.File, tell git.Progress, work func(ctx context.Context, i int, f huggingface.File, progress func(done, total int64)) error) error {
	var total int64
	for _, f := range files {
		total += f.Size
	}
	var lock sync.Mutex
	done := make([]int64, len(files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, f := range files {
		group.Go(func() error {
			return work(ctx, i, f, func(n, _ int64) {
				if tell == nil {
					return
				}
				lock.Lock()
				defer lock.Unlock()
				done[i] = n
				var all int64
				for _, n := range done {
					all += n
				}
				tell(git.Receiving, all, total)
			})
		})
	}
	return group.Wait()
}

// choose picks the files that are wanted. A pattern that means none is a mistake.
func choose(files []huggingface.File, h *stages.Hub) ([]huggingface.File, error) {
	if len(files) == 0 {
		return nil, &download.Fault{Summary: "Empty repository", Detail: fmt.Sprintf("%s holds no file at revision %s.", h.Repository, h.Revision)}
	}
	if len(h.Patterns) == 0 {
		return files, nil
	}
	wanted := map[string]bool{}
	for _, pattern := range h.Patterns {
		found := false
		for _, f := range files {
			if huggingface.Matches(pattern, f.Path) {
				wanted[f.Path], found = true, true
			}
		}
		if !found {
			return nil, &download.Fault{Summary: huggingface.NoFile, Detail: fmt.Sprintf("%s has no file %q at revision %s. It has %s.", h.Repository, pattern, h.Revision, some(files))}
		}
	}
	return slices.DeleteFunc(slices.Clone(files), func(f huggingface.File) bool { return !wanted[f.Path] }), nil
}

// some names the first of the files.
func some(files []huggingface.File) string {
	const most = 10
	var names []string
	for _, f := range files[:min(len(files), most)] {
		names = append(names, f.Path)
	}
	if more := len(files) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

func isCommit(text string) bool {
	return len(text) == 40 && strings.Trim(text, "0123456789abcdef") == ""
}
