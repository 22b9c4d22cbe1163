package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// endings are the signals that ask this process to end: Ctrl-C, kill, and a
// terminal that went away. Those that whoever started it has it ignore, as
// nohup does, stay ignored.
func endings() []os.Signal {
	var list []os.Signal
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			list = append(list, s)
		}
	}
	return list
}

// interruptible is ctx until one of the endings comes. A second one ends the
// process as it would have without this.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	list := endings()
	if len(list) == 0 { // NotifyContext would take none for all
		return context.WithCancel(ctx)
	}
	ctx, stop := signal.NotifyContext(ctx, list...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// interrupts are the endings that come while a verb goes from one step to the
// next: none ends the process in between, and none is lost.
type interrupts struct{ came chan os.Signal }

func listen() *interrupts {
	i := &interrupts{make(chan os.Signal, 1)}
	if list := endings(); len(list) > 0 {
		signal.Notify(i.came, list...)
	}
	return i
}

func (i *interrupts) stop() { signal.Stop(i.came) }

// during does a step whose context ends when a signal comes, and returns that
// signal; nil if none came until the step was done.
func (i *interrupts) during(ctx context.Context, step func(context.Context) error) (os.Signal, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done, result := make(chan struct{}), error(nil)
	go func() {
		defer close(done)
		result = step(ctx)
	}()
	select {
	case <-done:
		return nil, result
	case s := <-i.came:
		cancel()
		<-done
		return s, result
	}
}

// outliveReader keeps the process alive when what reads its output goes away, as
// in `runpipe apply FILE | head`: a chain is submitted whole or not at all.
func outliveReader() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}
