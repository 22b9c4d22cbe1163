package run

import (
	"context"
	"reflect"
	"time"

	"github.com/runpipe/runpipe/slurm"
)

// How often a watcher looks. Records are files, and cheap to look at; the
// scheduler is asked seldom, and less and less often while nothing changes.
const (
	lookShortest = 50 * time.Millisecond
	lookLongest  = time.Second
	askShortest  = time.Second
	askLongest   = 30 * time.Second
	askLocal     = 50 * time.Millisecond // its answer is a file on this machine
)

// Watch looks at a run until all its stages have ended, and calls show whenever
// something has changed. When the context ends it returns the last status with
// the context's error; the run goes on.
func Watch(ctx context.Context, r *Run, x slurm.Executor, show func(Status)) (Status, error) {
	o, err := observe(r)
	if err != nil {
		return Status{}, err
	}
	pace := newPace(x.Name() == "local")
	var last Status
	for {
		status := o.status()
		if !status.State.Ended() && pace.askDue(time.Now()) {
			o.ask(ctx, x)
			o.letGo(ctx, x)
			status = o.status()
			_ = o.cancel(ctx, x, o.abandoned(status)) // if it fails, the next answer lists them again
		}
		if !reflect.DeepEqual(status, last) {
			last = status
			show(status)
			pace.changed()
		}
		if status.State.Ended() {
			return status, o.sweep(ctx, x, status)
		}
		select {
		case <-ctx.Done():
			return last, ctx.Err()
		case <-time.After(pace.next()):
		}
		if err := o.read(); err != nil {
			return last, err
		}
	}
}

// pace is how often to look at files and to ask the scheduler.
type pace struct {
	look, ask time.Duration
	local     bool
	asked     time.Time
}

func newPace(local bool) *pace {
	p := &pace{local: local}
	p.changed()
	return p
}

// changed makes the pace quick again.
func (p *pace) changed() {
	p.look, p.ask = lookShortest, askShortest
	if p.local {
		p.ask = askLocal
	}
}

// next is how long to wait before the next look; it grows by a tenth each time.
func (p *pace) next() time.Duration {
	wait := p.look
	p.look = min(p.look+p.look/10, lookLongest)
	return wait
}

// askDue reports whether it is time to ask the scheduler again.
func (p *pace) askDue(now time.Time) bool {
	if now.Sub(p.asked) < p.ask {
		return false
	}
	p.asked = now
	if !p.local {
		p.ask = min(p.ask+p.ask/2, askLongest)
	} else {
		p.ask = min(p.ask+p.ask/10, lookLongest)
	}
	return true
}
