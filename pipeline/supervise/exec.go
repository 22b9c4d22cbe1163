package supervise

import (
	"context"
	"os"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

// ExecOptions is what job.sh's line hands to the supervisor.
type ExecOptions struct {
	Manifest string   // path of job.json
	SHA256   string   // of job.json, in hex, as job.sh names it
	Script   string   // job.sh, or the copy of it that the scheduler made
	Environ  []string // of the batch process, as os.Environ gives it
	Stdout   *os.File // the log: the command inherits it, no pipe between
	Stderr   *os.File // likewise
	Timing   Timing
	Site     Site

	Now func() time.Time // the clock by which the record goes; nil is time.Now

	// Step is called before each step, those at the beginning and the end too;
	// may be nil. Tests make the disk full there.
	Step func(string)

	// Failed is called, once, with the record of a job that failed or is being ended:
	// at the signal already, since there may be no time afterwards. May be nil.
	Failed func(*workspace.Workspace, record.Record) error
}

// Timing holds how long the supervisor waits for what. A zero field is the
// default; tests shorten them.
type Timing struct {
	Upstream   time.Duration // for a record to appear on a shared file system: 90 s
	Claim      time.Duration // without a sign of life after which a build's claim is stale: 60 s
	Leftover   time.Duration // for processes that the command left behind, between SIGTERM and SIGKILL: 5 s
	Profile    time.Duration // for the site's login profile: 30 s
	Sample     time.Duration // between two samples of the GPUs: 5 s
	Controller time.Duration // for Slurm's controller to come back, where srun needs it: 10 min
	Step       time.Duration // between two looks whether srun was given its step: 1 min
}

func (t Timing) withDefaults() Timing {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&t.Upstream, 90*time.Second)
	set(&t.Claim, 60*time.Second)
	set(&t.Leftover, 5*time.Second)
	set(&t.Profile, 30*time.Second)
	set(&t.Sample, 5*time.Second)
	set(&t.Controller, 10*time.Minute)
	set(&t.Step, time.Minute)
	return t
}

// sequence is what a job consists of, in order. Each step may end the job: with
// a failure, with errMade, or because a signal came while it ran.
var sequence = []struct {
	name string // the record's Step
	do   func(*job, context.Context) error
}{
	{"prepare", (*job).useWhatIsMade},
	{"prepare", (*job).checkUpstreams},
	{"prepare", (*job).claimEnvironment},
	{"prepare", (*job).takeUpEnded},
	{"prepare", (*job).prepareWork},
	{"prepare", (*job).prepareEnviron},
	{"command", (*job).runCommand},
	{"outputs", (*job).examineOutputs},
	{"metrics", (*job).readMetrics},
	{"checks", (*job).judgeChecks},
	{"publish", (*job).publish},
}

// Exec runs one job and returns its exit code: 0 exactly when its record says
// "succeeded"; else the command's own (128+n if a signal ended it), 1 if
// something else failed, 4 for a check that did not hold, 5 for drift, 128+n if
// signal n ended the job.
//
// It makes the process adopt all its orphaned descendants, and takes over its
// signals: it is meant to be all that a process does.
func Exec(o ExecOptions) int {
	o.Timing = o.Timing.withDefaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Step == nil {
		o.Step = func(string) {}
	}
	o.Step("begin")
	signals := listen()
	defer signals.stop()
	j, err := open(o)
	if err != nil {
		return refuse(o, err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	j.cancel, j.signals = cancel, signals
	go signals.watch(func(s os.Signal) {
		publishing := j.recorder.interrupt(s) // before anyone is told: there may be no time afterwards
		cancel(interruption{s})
		if !publishing { // it may still succeed
			j.tellFailed()
		}
	})
	return j.finish(j.run(ctx))
}

// run goes through the sequence. A signal stops it before the next step, but
// not within the last: what is published is a success.
func (j *job) run(ctx context.Context) error {
	defer j.cleanUp()
	for _, step := range sequence {
		j.recorder.step(step.name)
		j.options.Step(step.name)
		err := step.do(j, ctx)
		if cause := context.Cause(ctx); cause != nil && !(step.name == "publish" && err == nil) {
			return cause
		}
		if err == errMade {
			break
		}
		if err != nil {
			return err
		}
	}
	return j.verdictOfChecks()
}
