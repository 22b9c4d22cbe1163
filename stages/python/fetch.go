package python

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/google/renameio/v2"

	filedigest "github.com/runpipe/runpipe/stages/digest"
)

// Sources is where the files of a lock are to be had.
type Sources struct {
	Indexes []string // addresses, with credentials, the first that has a file counts
	Folders []string // on this machine
}

// FetchProgress is told how many bytes there are so far. total is -1 while it is
// not known.
type FetchProgress func(done, total int64)

// atOnce is how many files are fetched at the same time.
const atOnce = 4

// Fetch brings all files of a lock into folder, each below its digest, checks
// their sha256, and returns the folder in which they stand together under their
// names, as an installer's --find-links wants them. What is there already costs
// no network. progress may be nil.
func Fetch(ctx context.Context, l *Lock, from Sources, folder string, progress FetchProgress) (string, error) {
	missing := l.missing(folder)
	if len(missing) > 0 {
		f := &fetching{Sources: from, folder: folder, report: progress}
		if err := f.all(ctx, missing); err != nil {
			return "", err
		}
	}
	return l.gather(folder)
}

// missing are the packages of which a file is not in the folder yet. One that was
// damaged there is removed.
func (l *Lock) missing(folder string) []Package {
	var all []Package
	for _, p := range l.Packages {
		whole := true
		for _, digest := range p.Hashes() {
			whole = isWhole(contentPath(folder, digest), digest) && whole
		}
		if !whole {
			all = append(all, p)
		}
	}
	return all
}

func isWhole(path, digest string) bool {
	sum, _, err := filedigest.Sum(path)
	if err == nil && "sha256:"+sum == digest {
		return true
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	os.Remove(path) // if it cannot be removed, it is replaced
	return false
}

// contentPath is where a file is kept, whatever its name.
func contentPath(folder, digest string) string {
	return filepath.Join(folder, "sha256", strings.TrimPrefix(digest, "sha256:"))
}

// Gathered is the folder that Fetch returns.
func (l *Lock) Gathered(folder string) string {
	return filepath.Join(folder, strings.TrimPrefix(l.Digest(), "sha256:")[:16])
}

// gather links the files into one folder.
func (l *Lock) gather(folder string) (string, error) {
	together := l.Gathered(folder)
	if err := os.MkdirAll(together, 0o700); err != nil {
		return "", fmt.Errorf("gathering packages: %w", err)
	}
	for _, p := range l.Packages {
		for _, name := range slices.Sorted(maps.Keys(p.Files)) {
			if err := link(contentPath(folder, p.Files[name]), filepath.Join(together, name)); err != nil {
				return "", fmt.Errorf("gathering packages: %w", err)
			}
		}
	}
	return together, nil
}

// link gives a file another name, in place of what has that name.
func link(from, to string) error {
	is, err := os.Stat(from)
	if err != nil {
		return err
	}
	if was, err := os.Stat(to); err == nil && os.SameFile(is, was) {
		return nil
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if os.Link(from, to) == nil {
		return nil
	}
	err = os.Symlink(from, to) // some file systems have no hard links
	if errors.Is(err, fs.ErrExist) {
		return nil // another submission was at it too
	}
	return err
}

// fetching is the fetch of one lock's files.
type fetching struct {
	Sources
	folder string
	report FetchProgress

	mu          sync.Mutex
	done, total int64
	unknown     bool // the size of a file is
}

func (f *fetching) all(ctx context.Context, packages []Package) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for _, p := range packages {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := f.one(ctx, p); err != nil {
				cancel(err) // the first one counts
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// one fetches what is missing of one package.
func (f *fetching) one(ctx context.Context, p Package) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	found, err := f.find(ctx, p)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(p.Files)) {
		path := contentPath(f.folder, p.Files[name])
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := f.file(ctx, found[name], path, p.Files[name]); err != nil {
			return fmt.Errorf("fetching %s: %w", name, err)
		}
	}
	return nil
}

// file copies one file to its place, which it reaches only with the right digest.
func (f *fetching) file(ctx context.Context, from place, path, digest string) error {
	body, size, err := from.open(ctx)
	if err != nil {
		return err
	}
	defer body.Close()
	f.expect(size)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	pending, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o600))
	if err != nil {
		return err
	}
	defer pending.Cleanup()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(pending, sum, counter{f}), body); err != nil {
		return err
	}
	if got := "sha256:" + hex.EncodeToString(sum.Sum(nil)); got != digest {
		return fmt.Errorf("its digest is %s, and %s is locked: the index has changed the file, or it was damaged on its way", got, digest)
	}
	return pending.CloseAtomicallyReplace()
}

func (f *fetching) expect(size int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.total += max(size, 0)
	f.unknown = f.unknown || size < 0
}

// counter counts what is written to it.
type counter struct{ *fetching }

func (c counter) Write(data []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done += int64(len(data))
	if c.report != nil {
		total := c.total
		if c.unknown {
			total = -1
		}
		c.report(c.done, total)
	}
	return len(data), nil
}

// place is where one file is to be had.
type place struct {
	path          string // on this machine; or
	address       string
	user, secret  string // of the index, for the same host
	authenticated bool
}

// open starts to read it. size is -1 if it is not known.
func (p place) open(ctx context.Context) (body io.ReadCloser, size int64, err error) {
	if p.path != "" {
		file, err := os.Open(p.path)
		if err != nil {
			return nil, 0, err
		}
		info, err := file.Stat()
		if err != nil {
			file.Close()
			return nil, 0, err
		}
		return file, info.Size(), nil
	}
	response, err := p.get(ctx, "*/*")
	if err != nil {
		return nil, 0, err
	}
	return response.Body, response.ContentLength, nil
}

// get asks an address, and takes nothing but 200 for an answer.
func (p place) get(ctx context.Context, accept string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", accept)
	if p.authenticated {
		request.SetBasicAuth(p.user, p.secret) // dropped by net/http at a redirect to another host
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, &statusError{response.StatusCode, response.Status}
	}
	return response, nil
}

// statusError is an answer that is not the file.
type statusError struct {
	code   int
	status string
}

func (e *statusError) Error() string { return "the server answers " + e.status }
