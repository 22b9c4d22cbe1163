package download

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/runpipe/runpipe/stages/git"
)

// Question is a request to a server's programming interface.
type Question struct {
	Address string
	Header  http.Header // for the address's own host, as in Options
	Body    any         // sent as JSON; nil asks by GET
	// Refused explains a final refusal, as in Options.
	Refused func(r *http.Response) *Fault
	Pause   func(ctx context.Context, d time.Duration) error // as in Options
}

// longest is the size, in bytes, above which an answer is no list of files.
const longest = 256 << 20

// Ask asks, decodes the answer's JSON, and gives its head. What may only be a bad
// moment is tried again. Errors hold no credentials.
func Ask(ctx context.Context, q Question, answer any) (http.Header, error) {
	if q.Pause == nil {
		q.Pause = pause
	}
	wait := time.Second
	for failed := 1; ; failed++ {
		head, err := q.try(ctx, answer)
		var known *Fault
		if err == nil || errors.As(err, &known) {
			return head, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if failed == attempts {
			return nil, &Fault{"Server not reachable", fmt.Sprintf("%s gives no answer: %s. It was tried %d times. Is this machine on the network, and does it need a proxy (HTTPS_PROXY)?", git.Redact(q.Address), git.Redact(reason(err)), attempts)}
		}
		var busy *busyError
		if errors.As(err, &busy) {
			wait = max(wait, busy.after)
		}
		if err := q.Pause(ctx, wait); err != nil {
			return nil, err
		}
		wait = min(2*wait, 30*time.Second)
	}
}

func (q Question) try(ctx context.Context, answer any) (http.Header, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 5*time.Minute, errors.New("the server took more than five minutes"))
	defer cancel()
	request, err := q.request(ctx)
	if err != nil {
		return nil, &Fault{"Unsuitable URL", fmt.Sprintf("%s is not an address.", git.Redact(q.Address))}
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, refusedRedirect(err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusOK:
	case response.StatusCode >= 500, response.StatusCode == http.StatusTooManyRequests, response.StatusCode == http.StatusRequestTimeout:
		return nil, &busyError{response.Status, retryAfter(response)}
	default:
		if q.Refused != nil {
			if known := q.Refused(response); known != nil {
				return nil, known
			}
		}
		return nil, &Fault{"Request refused", fmt.Sprintf("The server answers %s for %s.", response.Status, git.Redact(q.Address))}
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, longest+1))
	if err != nil {
		return nil, err
	}
	if len(data) > longest || json.Unmarshal(data, answer) != nil {
		return nil, &Fault{"Unsuitable answer", fmt.Sprintf("%s answers with something else than was asked for: is the address right?", git.Redact(q.Address))}
	}
	return response.Header, nil
}

func (q Question) request(ctx context.Context) (*http.Request, error) {
	method, body := http.MethodGet, []byte(nil)
	if q.Body != nil {
		var err error
		if body, err = json.Marshal(q.Body); err != nil {
			return nil, err
		}
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, q.Address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	maps.Copy(request.Header, q.Header)
	request.Header.Set("User-Agent", "runpipe")
	return request, nil
}
