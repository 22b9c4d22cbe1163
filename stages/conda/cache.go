package conda

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
)

// Cache is a folder of packages by digest: sha256/<hex>, and md5/<hex> as a link to
// one of those.
type Cache struct {
	Folder   string
	Environ  []string                // "NAME=value", for ${NAME} in addresses
	Progress func(done, total int64) // bytes of all files so far; nil: nobody is told
	Fetched  func(file string)       // told of each file that was downloaded; nil: nobody is
	progress overall
}

// atOnce is how many files are downloaded at the same time.
const atOnce = 4

// each calls do for all packages, some at the same time. The first error counts.
func (c *Cache) each(ctx context.Context, packages []Package, do func(ctx context.Context, i int, p Package) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	slots := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i, p := range packages {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if ctx.Err() != nil {
				return
			}
			if err := do(ctx, i, p); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// Fetch downloads what the cache does not have of a list whose packages all have a
// sha256. What was damaged there is downloaded again.
func (c *Cache) Fetch(ctx context.Context, l *List) error {
	return c.each(ctx, l.Packages, func(ctx context.Context, _ int, p Package) error {
		if sums, err := digests(c.path(p.SHA256)); err == nil && sums.sha256 == p.SHA256 {
			return nil
		}
		_ = os.Remove(c.path(p.SHA256)) // if it cannot be removed, the download fails
		_, err := c.download(ctx, p)
		return err
	})
}

func (c *Cache) path(sum string) string { return download.Path(c.files(), sum) }
func (c *Cache) files() string          { return filepath.Join(c.Folder, "sha256") }

// learn is the sha256 of a package of which only the md5 is known, or nothing.
func (c *Cache) learn(ctx context.Context, p Package) (string, error) {
	note := filepath.Join(c.Folder, "md5", p.MD5)
	if p.MD5 != "" {
		if have, err := digests(note); err == nil && have.md5 == p.MD5 {
			return have.sha256, nil
		}
	}
	sum, err := c.download(ctx, p)
	if err != nil || p.MD5 == "" {
		return sum, err
	}
	got, err := digests(c.path(sum))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", p.File, err)
	}
	if got.md5 != p.MD5 {
		return "", fmt.Errorf("line %d: %s has the md5 %s where it comes from, and the list says %s: the channel has changed the file, or the list is wrong. Make the list anew", p.line, p.File, got.md5, p.MD5)
	}
	// What cannot be noted is downloaded again another time.
	if os.MkdirAll(filepath.Dir(note), 0o700) == nil {
		_ = os.Remove(note)
		_ = os.Symlink(filepath.Join("..", "sha256", sum), note)
	}
	return sum, nil
}

// download brings one file into the cache, and returns its sha256.
func (c *Cache) download(ctx context.Context, p Package) (string, error) {
	address, err := c.expand(p.URL)
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.File, err)
	}
	r, err := download.Get(ctx, address, c.files(), download.Options{SHA256: p.SHA256, Progress: c.progress.of(p.File, c.Progress), Refused: p.refused})
	if err != nil {
		return "", fmt.Errorf("fetching %s: %w", p.File, c.hidden(p, address, err))
	}
	if c.Fetched != nil {
		c.Fetched(p.File)
	}
	return r.SHA256, nil
}

// refused says what to do where a channel is not open to everybody. What else a
// channel refuses is told as any download's.
func (p Package) refused(r *http.Response) *download.Fault {
	switch r.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return &download.Fault{Summary: "Login wanted", Detail: fmt.Sprintf("The channel does not give %s to everybody (%s): does its address name the right user, password or token, each as ${NAME}, with that variable set?", git.Redact(p.URL), r.Status)}
	}
	return nil
}

// expand puts the values of variables in their places.
func (c *Cache) expand(address string) (string, error) {
	var missing []string
	whole := variable.ReplaceAllStringFunc(address, func(found string) string {
		value := c.value(variable.FindStringSubmatch(found)[1])
		if value == "" {
			missing = append(missing, found)
		}
		return value
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("its address holds %s, not set in the environment: set what is missing and try again", strings.Join(missing, " and "))
	}
	return whole, nil
}

func (c *Cache) value(name string) string {
	found := ""
	for _, entry := range c.Environ { // the last one counts
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			found = value
		}
	}
	return found
}

// hidden is an error without the values of the variables in the package's address.
func (c *Cache) hidden(p Package, address string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	text := err.Error()
	var known *download.Fault
	if errors.As(err, &known) {
		text = known.Detail
	}
	text = strings.ReplaceAll(text, git.Redact(address), git.Redact(p.URL))
	for _, m := range variable.FindAllStringSubmatch(p.URL, -1) {
		if value := c.value(m[1]); value != "" {
			text = strings.NewReplacer(value, m[0], url.PathEscape(value), m[0]).Replace(text)
		}
	}
	return errors.New(strings.TrimSuffix(git.Redact(text), "."))
}

// sums are two digests of a file, in hex.
type sums struct{ md5, sha256 string }

// digests reads a file once for both.
func digests(path string) (sums, error) {
	file, err := os.Open(path)
	if err != nil {
		return sums{}, err
	}
	defer file.Close()
	weak, strong := md5.New(), sha256.New() // md5 is what older clients check by
	if _, err := io.Copy(io.MultiWriter(weak, strong), file); err != nil {
		return sums{}, err
	}
	return sums{hex.EncodeToString(weak.Sum(nil)), hex.EncodeToString(strong.Sum(nil))}, nil
}
