package download

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/runpipe/runpipe/stages/git"
)

// Options are what a download may be told besides its address.
type Options struct {
	SHA256   string // what is wanted, 64 hex digits; "" takes what there is
	Progress func(done, total int64)
	Login    string // what to do where the server wants a login; "" is what one does about data
	// Pause waits before a retry; nil waits as long as it is told.
	Pause func(ctx context.Context, d time.Duration) error
}

// Result is a file that is in the folder, under its digest.
type Result struct {
	SHA256 string // 64 hex digits
	Size   int64  // bytes
}

// Fault is an error for the person who wrote the address: what is wrong and what to
// do. It holds no credentials.
type Fault struct{ Summary, Detail string }

// Error is the summary and the detail in one line.
func (f *Fault) Error() string { return f.Summary + ": " + f.Detail }

// attempts is how often a download is tried without getting any further.
const attempts = 5

// Path is where the file with this digest is, or will be, in the folder.
func Path(dir, sum string) string { return filepath.Join(dir, sum) }

// Get brings the file at address into the folder dir. Whoever downloads the same at
// the same time does it for himself.
func Get(ctx context.Context, address, dir string, o Options) (Result, error) {
	if o.SHA256 != "" {
		if info, err := os.Stat(Path(dir, o.SHA256)); err == nil {
			return Result{o.SHA256, info.Size()}, nil
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Result{}, fmt.Errorf("making the folder of downloads: %w", err)
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	part, err := openPart(dir, address)
	if err != nil {
		return Result{}, fmt.Errorf("opening the partial file: %w", err)
	}
	defer part.close()
	d := &transfer{ctx: ctx, address: address, shown: git.Redact(address), part: part, o: o}
	resumed := part.size > 0
	for {
		if err := d.run(); err != nil {
			return Result{}, err
		}
		r, err := d.publish(dir)
		var other *Fault
		if !resumed || !errors.As(err, &other) {
			return r, err
		}
		// What an earlier process left may be the culprit: once more, from the start.
		resumed = false
		if err := part.clear(); err != nil {
			return Result{}, fmt.Errorf("beginning the download again: %w", err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// transfer is one download on its way.
type transfer struct {
	ctx     context.Context
	address string
	shown   string // without credentials
	part    *part
	kind    string // the content's type, as the server calls it
	o       Options
}

// run tries until the file is whole. A failure after some progress starts the
// count anew: a large file may well be cut off many times.
func (d *transfer) run() error {
	wait := time.Second
	for failed := 0; ; {
		before := d.part.size
		err := d.try()
		if err == nil {
			return nil
		}
		if d.ctx.Err() != nil {
			return context.Cause(d.ctx)
		}
		var known *Fault
		if errors.As(err, &known) {
			return err
		}
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			return d.full()
		}
		if d.part.size > before {
			failed, wait = 0, time.Second
		}
		if failed++; failed == attempts {
			return &Fault{"Download failed", fmt.Sprintf("%s cannot be downloaded: %s. It was tried %d times; what has come is kept, so that another try goes on from there. Is this machine on the network, and does it need a proxy (HTTPS_PROXY)?", d.shown, git.Redact(reason(err)), attempts)}
		}
		asked := time.Duration(0)
		var busy *busyError
		if errors.As(err, &busy) {
			asked = busy.after
		}
		if err := d.o.Pause(d.ctx, max(wait, asked)); err != nil {
			return err
		}
		wait = min(2*wait, 30*time.Second)
	}
}

// reason is an error without the address that net/http puts in front.
func reason(err error) string {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

func (d *transfer) full() error {
	return &Fault{"Disk full", fmt.Sprintf("There is no room for %s in %s: free some, or put the workspace elsewhere (--workspace). What has come is kept.", d.shown, filepath.Dir(d.part.file.Name()))}
}

// try asks for what is missing and appends it.
func (d *transfer) try() error {
	ctx, cancel := context.WithCancelCause(d.ctx)
	defer cancel(nil)
	request, err := d.request(ctx)
	if err != nil {
		return &Fault{"Unsuitable URL", fmt.Sprintf("%s is not the address of a file.", d.shown)}
	}
	response, err := client.Do(request)
	if err != nil {
		return refusedRedirect(err)
	}
	defer response.Body.Close()
	if err := d.accept(response); err != nil {
		return err
	}
	return d.receive(&watched{from: response.Body, cancel: cancel})
}

func (d *transfer) request(ctx context.Context) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.address, nil)
	if err != nil {
		return nil, err
	}
	// The bytes as they are: a digest is not of what a server packed on the way.
	request.Header.Set("Accept-Encoding", "identity")
	request.Header.Set("User-Agent", "runpipe")
	if validator := d.part.state.validator(); d.part.size > 0 && validator != "" {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.part.size))
		request.Header.Set("If-Range", validator)
		return request, nil
	}
	return request, d.part.clear()
}

// receive appends the body to the partial file, which is whole when all the bytes
// that the server announced are there.
func (d *transfer) receive(body io.Reader) error {
	buffer := make([]byte, 256<<10)
	for {
		n, err := body.Read(buffer)
		if n > 0 {
			if err := d.part.write(buffer[:n]); err != nil {
				return err
			}
			if d.o.Progress != nil {
				d.o.Progress(d.part.size, d.part.state.Size)
			}
		}
		switch {
		case err == nil:
		case !errors.Is(err, io.EOF):
			return err
		case d.part.state.Size >= 0 && d.part.size != d.part.state.Size:
			return io.ErrUnexpectedEOF
		default:
			return nil
		}
	}
}

// publish compares the digest and gives the file its name.
func (d *transfer) publish(dir string) (Result, error) {
	sum := sha256.New()
	if _, err := d.part.file.Seek(0, io.SeekStart); err != nil {
		return Result{}, fmt.Errorf("reading the download: %w", err)
	}
	if _, err := io.Copy(sum, contextReader{d.ctx, d.part.file}); err != nil {
		return Result{}, fmt.Errorf("reading the download: %w", err)
	}
	r := Result{hex.EncodeToString(sum.Sum(nil)), d.part.size}
	if d.o.SHA256 != "" && r.SHA256 != d.o.SHA256 {
		if err := d.part.clear(); err != nil {
			return Result{}, fmt.Errorf("dropping the download: %w", err)
		}
		return Result{}, d.differs(r)
	}
	if err := d.part.publish(Path(dir, r.SHA256)); err != nil {
		return Result{}, fmt.Errorf("keeping the download: %w", err)
	}
	return r, nil
}

func (d *transfer) differs(r Result) error {
	hint := ""
	if d.kind == "text/html" {
		hint = " It is a web page: does the address want a login, or is it of a page about the file?"
	}
	return &Fault{"Another file", fmt.Sprintf("%s has the sha256 %s (%d bytes), and %s is wanted: the file was changed where it comes from, or the digest is another file's.%s", d.shown, r.SHA256, r.Size, d.o.SHA256, hint)}
}

type contextReader struct {
	ctx  context.Context
	from io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.from.Read(p)
}
