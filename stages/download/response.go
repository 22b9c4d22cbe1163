package download

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// silence is how long a server may send nothing.
const silence = 60 * time.Second

var client = &http.Client{
	Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 20 * time.Second}).DialContext,
		TLSHandshakeTimeout:   20 * time.Second,
		ResponseHeaderTimeout: silence,
		ForceAttemptHTTP2:     true,
	},
	CheckRedirect: func(to *http.Request, via []*http.Request) error {
		switch {
		case len(via) >= 10:
			return &Fault{"Too many redirects", fmt.Sprintf("%s leads from one address to the next, ten times over.", via[0].URL.Redacted())}
		case via[len(via)-1].URL.Scheme == "https" && to.URL.Scheme != "https":
			return &Fault{"Redirect without encryption", fmt.Sprintf("%s leads to an address without https, %s.", via[0].URL.Redacted(), to.URL.Host)}
		}
		return nil
	},
}

func refusedRedirect(err error) error {
	var known *Fault
	if errors.As(err, &known) {
		return known
	}
	return err
}

// busyError is an answer after which another try may help.
type busyError struct {
	status string
	after  time.Duration // that the server asks to wait
}

func (b *busyError) Error() string { return "the server says " + b.status }

// accept looks at a response's head, and makes the partial file ready for its body.
func (d *transfer) accept(r *http.Response) error {
	d.kind, _, _ = mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch r.StatusCode {
	case http.StatusPartialContent:
		from, total, ok := contentRange(r.Header.Get("Content-Range"))
		if !ok || from != d.part.size {
			return errors.Join(errors.New("the server sends another part than was asked for"), d.part.clear())
		}
		d.part.state.Size = total
		return nil
	case http.StatusOK:
		if err := d.part.begin(state{ETag: r.Header.Get("ETag"), Modified: r.Header.Get("Last-Modified"), Size: r.ContentLength}); err != nil {
			return err
		}
		if free := room(d.part.file); r.ContentLength > 0 && free >= 0 && free < r.ContentLength {
			return d.full()
		}
		return nil
	case http.StatusRequestedRangeNotSatisfiable: // the file has become shorter
		return errors.Join(errors.New("the file was changed while it was downloaded"), d.part.clear())
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return &busyError{r.Status, retryAfter(r)}
	}
	if r.StatusCode >= 500 {
		return &busyError{r.Status, retryAfter(r)}
	}
	return d.refused(r)
}

func (d *transfer) refused(r *http.Response) error {
	switch r.StatusCode {
	case http.StatusNotFound, http.StatusGone:
		return &Fault{"No such file", fmt.Sprintf("The server has nothing at %s (%s).", d.shown, r.Status)}
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return &Fault{"Login wanted", fmt.Sprintf("The server does not give %s to everybody (%s): %s", d.shown, r.Status, cmp.Or(d.o.Login, "download it by hand, and give its path instead of its url."))}
	}
	return &Fault{"Download refused", fmt.Sprintf("The server answers %s for %s.", r.Status, d.shown)}
}

// contentRange reads "bytes 100-199/200" (RFC 9110, section 14.4).
func contentRange(text string) (from, total int64, ok bool) {
	rest, ok := strings.CutPrefix(text, "bytes ")
	span, size, slash := strings.Cut(rest, "/")
	first, _, dash := strings.Cut(span, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	if !ok || !slash || !dash || err != nil {
		return 0, 0, false
	}
	if total, err = strconv.ParseInt(size, 10, 64); err != nil {
		total = -1 // "*"
	}
	return from, total, true
}

// retryAfter is what the server asks to wait, in seconds or until a date; a minute
// at most.
func retryAfter(r *http.Response) time.Duration {
	text := r.Header.Get("Retry-After")
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(text); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = time.Until(at)
	}
	return max(0, min(wait, time.Minute))
}

// watched ends a response that has become silent.
type watched struct {
	from   io.Reader
	cancel func(error)
}

func (w *watched) Read(p []byte) (int, error) {
	timer := time.AfterFunc(silence, func() { w.cancel(errors.New("the server has fallen silent")) })
	defer timer.Stop()
	return w.from.Read(p)
}
