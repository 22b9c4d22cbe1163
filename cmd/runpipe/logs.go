package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm"
)

type logsOptions struct {
	*app
	args   []string
	follow bool
}

func newLogs(a *app) *cobra.Command {
	o := logsOptions{app: a}
	cmd := &cobra.Command{
		Use:     "logs [-f] [RUN] ADDR",
		GroupID: groupLook,
		Short:   "Print the log of a stage",
		Long: `Prints what a stage's last attempt wrote to stdout and stderr, and on stderr where
that file is. Without RUN it is the newest run's. The log of a reused stage is that of
the run that made it.

--follow goes on as the log grows, from before it exists, until the stage has ended.`,
		Example: `  runpipe logs train.cnn
  runpipe logs -f train.cnn
  runpipe logs k3f9 evaluate.accuracy | tail`,
		Annotations: statuses{
			0: "done, whatever became of the stage", 1: "an error, no such run or stage, or no log yet", 2: "wrong usage", 130: "interrupted; the stage goes on",
		}.annotation(),
		Args:              between(1, 2),
		ValidArgsFunction: a.completeRunAndStage,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args = args
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return o.run(ctx, cmd)
		},
	}
	cmd.Flags().BoolVarP(&o.follow, "follow", "f", false, "go on as the log grows, until the stage has ended")
	return cmd
}

func (o *logsOptions) run(ctx context.Context, cmd *cobra.Command) error {
	r, address, err := o.runAndStage(o.args)
	if err != nil {
		return err
	}
	if address == "" {
		return usage(cmd, "Which stage of run %s? %v", r.Run, o.addresses(r.Run))
	}
	x, err := o.executorOf(r)
	if err != nil {
		return err
	}
	l := &logReader{app: o.app, run: r, address: address, executor: x}
	defer l.close()
	if o.follow {
		return l.follow(ctx)
	}
	return l.whole(ctx)
}

// logReader prints the log of one stage.
type logReader struct {
	*app
	run      *run.Run
	address  string
	executor slurm.Executor
	path     string   // of the log that is being printed
	file     *os.File // nil before it exists
}

// stage is where the stage stands now.
func (l *logReader) stage(ctx context.Context) (run.StageStatus, error) {
	st, err := l.run.Status(ctx, l.executor)
	if err != nil {
		return run.StageStatus{}, err
	}
	for _, s := range st.Stages {
		if s.Address == l.address {
			return s, nil
		}
	}
	return run.StageStatus{}, fmt.Errorf("run %s has no stage %s", l.run.Run, l.address)
}

// whole prints the log as it is.
func (l *logReader) whole(ctx context.Context) error {
	s, err := l.stage(ctx)
	if err != nil {
		return err
	}
	found, err := l.open(s.Log)
	if err != nil {
		return err
	}
	if !found {
		return l.none(s)
	}
	return l.copy()
}

// none says why a stage has no log.
func (l *logReader) none(s run.StageStatus) error {
	why := ""
	if s.Reason != "" {
		why = ": " + s.Reason
	}
	return fmt.Errorf("%s has no log in run %s: it is %s%s", s.Address, l.run.Run, s.State, why)
}

// follow prints the log as it grows. A stage that is tried again goes on in the
// log of its new attempt.
func (l *logReader) follow(ctx context.Context) error {
	const look, ask = 200 * time.Millisecond, 2 * time.Second
	var s run.StageStatus
	var asked time.Time
	for {
		if l.now().Sub(asked) >= ask {
			now, err := l.stage(ctx)
			if err != nil {
				return err
			}
			s, asked = now, l.now()
		}
		if _, err := l.open(s.Log); err != nil {
			return err
		}
		if err := l.copy(); err != nil {
			return err
		}
		if s.State.Ended() { // and the log was read since
			if l.file == nil {
				return l.none(s)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return &interruptedError{}
		case <-time.After(look):
		}
	}
}

// open opens the log at path, if it is there and not open yet, and says where it is.
func (l *logReader) open(path string) (found bool, err error) {
	if path == "" || path == l.path {
		return l.file != nil, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the log: %w", err)
	}
	if err := l.copy(); err != nil { // the rest of the attempt before
		return false, errors.Join(err, f.Close())
	}
	l.close()
	l.path, l.file = path, f
	fmt.Fprintf(l.err, "==> %s\n", path)
	return true, nil
}

// copy prints what was added since.
func (l *logReader) copy() error {
	if l.file == nil {
		return nil
	}
	if _, err := io.Copy(l.out, l.file); err != nil {
		return fmt.Errorf("printing the log: %w", err)
	}
	return nil
}

func (l *logReader) close() {
	if l.file != nil {
		_ = l.file.Close() // it was only read
	}
}
