package supervise

import (
	"errors"
	"fmt"
	"os"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

// finish writes the record and returns the job's exit code: 0 only if the
// record could be written and says "succeeded".
func (j *job) finish(err error) int {
	j.options.Step("end")
	if err == nil {
		reason := ""
		if !j.published {
			reason = "already made by run " + j.made.Run
		}
		if err := j.recorder.conclude(record.Succeeded, "", reason); err != nil {
			j.say("%s succeeded, but its record could not be written: %v", j.manifest.Address, err)
			return exitFailed
		}
		return 0
	}
	f := failureOf(err)
	if _, err := os.Stat(j.work()); err == nil {
		j.recorder.change(func(r *record.Record) { r.Work = j.work() })
		defer j.say("the working copy is kept: %s", j.work())
	}
	if err := j.recorder.conclude(f.state, f.step, f.Error()); err != nil {
		j.say("the record could not be written: %v", err)
	}
	j.say("%s %s: %v", j.manifest.Address, verb(f.state), f)
	j.tellFailed()
	return f.code
}

// tellFailed tells whoever wants to know that this job has failed or is being
// ended. What depends on one that was requeued waits for the later start.
func (j *job) tellFailed() {
	j.told.Do(func() {
		if j.options.Failed == nil || j.recorder.successor() > 0 {
			return
		}
		if err := j.options.Failed(j.workspace, j.recorder.now()); err != nil {
			j.say("%v", err)
		}
	})
}

func verb(s record.State) string {
	switch s {
	case record.Drift:
		return "was not run (DRIFT)"
	case record.Interrupted:
		return "was interrupted"
	}
	return "failed"
}

// cleanUp gives back what others may wait for, and removes what nobody needs.
func (j *job) cleanUp() {
	if j.venv != "" && !j.published {
		os.RemoveAll(j.venv)
	}
	if j.claim != nil {
		j.claim.release()
	}
	if j.made != nil { // by this job or by another
		j.removeStarts(func(int) bool { return true })
	}
}

// refusal is a job that could not even be begun.
type refusal struct {
	manifest *stages.Manifest // what could be read of it
	err      error
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// refuse leaves the record of a job whose manifest cannot be followed.
func refuse(o ExecOptions, err error) int {
	f, m := failureOf(err), &stages.Manifest{}
	var r *refusal
	if errors.As(err, &r) && r.manifest != nil {
		m = r.manifest
	}
	fmt.Fprintf(o.Stderr, "runpipe: the job %s: %v\n", verb(f.state), f)
	writer := recorder{folder: attemptFolder(o.Manifest, m), clock: o.Now, record: newRecord(m, newEnviron(o.Environ), o.Now())}
	if err := errors.Join(writer.keepEarlier(), writer.conclude(f.state, "prepare", f.Error())); err != nil {
		fmt.Fprintf(o.Stderr, "runpipe: the record could not be written: %v\n", err)
	}
	return f.code
}
