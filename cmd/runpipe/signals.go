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

// outliveReader keeps the process alive when what reads its output goes away, as
// in `runpipe apply FILE | head`: a chain is submitted whole or not at all.
func outliveReader() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}
