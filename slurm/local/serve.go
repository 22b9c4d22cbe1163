package local

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// scheduler is the one process that runs the jobs of a folder. All of it is
// done by one goroutine, on one thread: see Serve.
type scheduler struct {
	folder   folder
	self     identity
	killWait time.Duration
	machine  Machine
	looked   bool // for GPUs
	gpus     *gpuPool
	gpuFault error // why the GPUs that are there cannot be handed out

	ledger  ledger
	cache   map[string]submission
	env     map[string][][]byte // by job; removed when the job has started
	running map[string]*batch   // by job
	begin   func(*job, []*gpuSlot) (*batch, error)
	written string // the last state
	writer  *stateWriter
	unheard []*call // to be answered when what they asked for is written
	stopped bool    // everything is to end
	recheck time.Time
}

// Serve is the scheduler of the folder dir: it runs the jobs submitted there
// and returns when all have ended that it can run. At SIGTERM or SIGINT, or when
// ctx is done, it cancels them first. It takes over the whole process: any child
// is reaped, and none outlives the jobs.
func Serve(ctx context.Context, dir string) error {
	// The kernel sends a job the signal of PR_SET_PDEATHSIG(2const) when the
	// thread ends that started it, so that must be one that lasts.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	conn, err := inherited()
	if err != nil {
		return err
	}
	s, err := newScheduler(dir)
	if err != nil {
		refuse(conn, answer{Error: err.Error()})
		return err
	}
	calls, done := make(chan *call), make(chan struct{})
	defer close(done)
	listener, err := s.folder.listen(calls, done)
	if errors.Is(err, unix.EADDRINUSE) {
		return s.yield(conn)
	}
	if err == nil {
		defer listener.Close()
		err = s.takeOver(ctx)
	}
	if err != nil {
		refuse(conn, answer{Error: err.Error()})
		return err
	}
	if conn != nil {
		first, err := receive(conn)
		if err != nil { // the submitter is gone, and no one was told that its jobs run
			return errors.Join(err, writeFile(s.folder.state(), []byte(s.encode(nil))))
		}
		s.hear(first)
	}
	return s.run(ctx, calls)
}

// yield leaves the folder to the scheduler that has it. A submitter who started
// this one asks that one instead; anyone else is told.
func (s *scheduler) yield(conn net.Conn) error {
	if conn != nil {
		refuse(conn, answer{Busy: true})
		return nil
	}
	st, _, err := s.folder.readLiveState()
	if err != nil {
		return err
	}
	if st.Scheduler == nil {
		return errors.New("another scheduler has this folder")
	}
	return fmt.Errorf("another scheduler (process %d) has this folder", st.Scheduler.PID)
}

func refuse(conn net.Conn, a answer) {
	if conn == nil {
		return
	}
	if c, err := receive(conn); err == nil {
		c.answer(a)
	}
}

func newScheduler(dir string) (*scheduler, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the scheduler's folder: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("becoming the reaper of all processes of the jobs: %w", err)
	}
	id, err := self()
	if err != nil {
		return nil, err
	}
	s := &scheduler{
		folder: New(dir, Options{}).folder, self: id, killWait: DefaultKillWait,
		machine: capacity("/proc", "/sys/fs/cgroup"), gpus: &gpuPool{},
		cache: map[string]submission{}, env: map[string][][]byte{}, running: map[string]*batch{},
	}
	s.begin = s.launch
	return s, nil
}

// takeOver reads what an earlier scheduler left. If that was killed, so are the
// processes that it left behind, and its jobs have failed.
func (s *scheduler) takeOver(ctx context.Context) error {
	st, life, err := s.folder.readLiveState()
	if err != nil {
		return err
	}
	switch life {
	case alive:
		return fmt.Errorf("another scheduler (process %d) has this folder, and cannot be reached", st.Scheduler.PID)
	case foreign:
		return fmt.Errorf("the scheduler on %s has this folder", st.Scheduler.Host)
	}
	if err := s.ledger.load(s.folder, s.cache); err != nil {
		return err
	}
	s.ledger.apply(st)
	if life == dead {
		if err := s.inherit(ctx); err != nil {
			return fmt.Errorf("ending what a killed scheduler left behind: %w", err)
		}
	}
	// From here on, Queue will notice if this one is killed.
	s.ledger.settle(time.Now().UTC())
	s.written = s.encode(&s.self)
	return writeFile(s.folder.state(), []byte(s.written))
}

// inherit ends the jobs of a killed scheduler, and what is left of them. One that
// was released at the last moment may have started unrecorded: it starts again.
func (s *scheduler) inherit(ctx context.Context) error {
	var tokens []string
	for _, j := range s.ledger.jobs {
		if !j.ended() {
			tokens = append(tokens, j.Token)
		}
	}
	s.ledger.bury(func(*job) bool { return false })
	return killMarked(ctx, tokens)
}

// run is the event loop: whatever happened, it writes down what became of the
// jobs and starts those that can start, and then waits for the next event.
func (s *scheduler) run(ctx context.Context, calls <-chan *call) error {
	ended, stop := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	signal.Notify(stop, unix.SIGTERM, unix.SIGINT)
	defer signal.Stop(ended)
	defer signal.Stop(stop)
	s.writer = newStateWriter(s.folder.state())
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP) // a session's end is no reason to end
	interrupt := ctx.Done()
	for {
		s.schedule(ctx)
		if s.idle() {
			return s.close()
		}
		s.write(&s.self)
		timer := s.alarm()
		select {
		case <-ended:
			s.reap()
		case <-timer.C:
			s.expire()
		case c := <-calls:
			s.hear(c)
		case slot := <-s.gpus.freed:
			slot.await = false
		case <-stop:
			s.stop()
		case <-interrupt:
			interrupt = nil
			s.stop()
		}
		timer.Stop()
	}
}

// hear takes over what a submitter says, and what it has put into the folder.
func (s *scheduler) hear(c *call) {
	for id, env := range c.Env {
		s.env[id] = env
	}
	if c.KillWait > 0 {
		s.killWait = c.KillWait
	}
	if c.Machine != nil && !s.looked {
		s.haveGPUs(c.Machine.GPUs)
	}
	if err := s.ledger.load(s.folder, s.cache); err != nil {
		c.answer(answer{Error: err.Error()})
		return
	}
	s.unheard = append(s.unheard, c)
	s.cancel()
}

// stop cancels all jobs, those on hold too, which no one has announced yet.
func (s *scheduler) stop() {
	log.Print("told to end: cancelling all jobs")
	s.stopped = true
	if err := s.ledger.load(s.folder, s.cache); err != nil {
		log.Print(err)
	}
	s.cancel()
}

// cancel tells the running jobs to end that were cancelled; settle sees to the
// pending ones.
func (s *scheduler) cancel() {
	for _, j := range s.ledger.jobs {
		j.cancelled = j.cancelled || s.stopped
		if b := s.running[j.id]; b != nil && j.cancelled {
			b.terminate("CANCELLED", s.killWait)
		}
	}
}

// idle reports whether nothing is left to do: no job runs, or could start
// without a submitter doing something first, and no process is left of any.
func (s *scheduler) idle() bool {
	s.recheck = time.Time{}
	if len(s.running) > 0 {
		return false
	}
	for _, j := range s.ledger.jobs {
		if j.ready() {
			return false
		}
	}
	return s.clearAll()
}

// close writes the last state. A submitter that comes now is not answered, and
// starts the next scheduler.
func (s *scheduler) close() error {
	s.write(nil)
	return s.writer.close()
}
