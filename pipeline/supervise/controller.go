package supervise

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
)

// A job goes on while Slurm's controller is away, but an srun that starts then
// ends after some seconds with exit code 1, because only the controller can give it
// a job step. It is not the command that failed: it was not started. A controller
// that crashed may also come back with a state from before the job's start.
var (
	noStep = regexp.MustCompile(`(?m)^srun: error: Unable to (` +
		// The question comes before the request for a step: without an answer there is none.
		`confirm allocation for job \d+: .*(connect failure|Unable to contact slurm controller|Socket timed out|Job is pending execution)` +
		`|create step for job \d+: .*(connect failure|Unable to contact slurm controller))`)
	ofStep = regexp.MustCompile(`(?m)^srun: .*\btasks? \d`) // which srun says of a step that has begun
)

// runScriptWithController runs the script and, where its srun was given no step
// because the controller was away, again with growing pauses.
func (j *job) runScriptWithController(ctx context.Context) (*group, int, error) {
	patience := j.options.Timing.Controller
	deadline := time.Now().Add(patience)
	for pause := patience / 60; ; pause = min(2*pause, patience/5) {
		if info, err := os.Stat(j.log()); err == nil {
			j.tryStart = info.Size()
		}
		stop := j.stuckStep(ctx)
		g, code, err := j.runScript(ctx)
		stuck := stop() && code != 0 && !j.begun() // between the last look and its end it may have been given its step
		if err != nil || ctx.Err() != nil || !stuck && !j.controllerAway(code) || time.Now().Add(pause).After(deadline) {
			return g, code, err
		}
		why := "Slurm's controller could not be reached, so that the command was not started"
		if stuck {
			why = "Slurm has left srun waiting for its step, so that the command was not started"
		}
		j.say("%s: trying again in %s", why, pause.Round(time.Second/10))
		select {
		case <-ctx.Done():
			return g, code, nil
		case <-time.After(pause):
		}
		j.recorder.change(func(r *record.Record) { r.ExitCode, r.Signal = nil, "" })
	}
}

// controllerAway reports whether the script ended because its srun was given no
// step. The script of a stage that srun launches is that one srun, and nothing
// that the stage does came before; but the command may call srun itself.
func (j *job) controllerAway(code int) bool {
	if code != 1 || j.manifest.Executor != "slurm" || j.manifest.Launcher != "srun" {
		return false
	}
	return !j.begun() && saysNoStep(j.logEnd())
}

// begun reports whether a step was begun for the command, as far as its ranks or srun
// have said so.
func (j *job) begun() bool {
	ranks, _ := j.readTasks(false)
	return len(ranks) > 0 || ofStep.Match(j.logEnd())
}

// saysNoStep reports whether srun could begin no step, by what it wrote at the
// end of the log. Before it, modules may have written; after, nobody.
func saysNoStep(log []byte) bool {
	if !noStep.Match(log) || ofStep.Match(log) {
		return false
	}
	_, after, _ := bytes.Cut(append([]byte("\n"), log...), []byte("\nsrun: "))
	for line := range bytes.Lines(after[bytes.IndexByte(after, '\n')+1:]) {
		if !bytes.HasPrefix(line, []byte("srun: ")) {
			return false
		}
	}
	return true
}
