package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// job is one start of one attempt.
type job struct {
	options   ExecOptions
	manifest  *stages.Manifest
	workspace *workspace.Workspace
	attempt   string // the attempt's folder
	folder    string // of the start whose working copy is used: this one, or an earlier one to collect from
	outer     environ
	recorder  *recorder
	signals   *signals
	cancel    context.CancelCauseFunc // ends what is under way, for the reason given
	told      sync.Once               // options.Failed
	id        string                  // the scheduler's, or "" when job.sh was started by hand
	restarts  int

	claim     *claim         // of the environment that this job builds, or nil
	venv      string         // where it is built, or ""
	environ   environ        // of the command
	logStart  int64          // where in the log this attempt begins, in bytes
	tryStart  int64          // where in it the command's last try begins
	freed     bool           // an srun that was left waiting for its step was ended
	resumed   bool           // the command ended well in an earlier start: collect only
	made      *record.Record // the stage's record in the store, once there is one
	published bool           // by this job
	outputs   []output
}

// byHand is the folder of a job.sh that somebody runs at a shell: no scheduler
// knows of it, so that it must not touch what an attempt has recorded.
const byHand = "by-hand"

// open reads what is to be done and makes the attempt's folder.
func open(o ExecOptions) (*job, error) {
	m, err := readManifest(o.Manifest, o.SHA256)
	if err != nil {
		return nil, &refusal{manifest: m, err: err}
	}
	w, err := workspace.Open(m.Workspace)
	if err != nil {
		return nil, &refusal{manifest: m, err: err}
	}
	j := &job{options: o, manifest: m, workspace: w, outer: newEnviron(o.Environ)}
	j.id, j.restarts = jobID(m.Executor, j.outer)
	j.attempt = workspace.Attempt(m.StageDir, m.Attempt)
	if j.id == "" {
		j.attempt = filepath.Join(m.StageDir, byHand)
	}
	j.folder = startFolder(j.attempt, j.restarts)
	if err := os.MkdirAll(j.folder, 0o700); err != nil {
		return nil, &refusal{manifest: m, err: fmt.Errorf("making the attempt's folder: %w", err)}
	}
	if info, err := os.Stat(j.log()); err == nil {
		j.logStart = info.Size()
	}
	j.recorder = &recorder{folder: j.attempt, clock: o.Now, record: newRecord(m, j.outer, o.Now())}
	if err := errors.Join(j.recorder.keepEarlier(), j.recorder.save()); err != nil {
		return nil, &refusal{manifest: m, err: fmt.Errorf("writing the first record: %w", err)}
	}
	if j.recorder.reserve, err = newReserve(reserveFile(j.folder)); err != nil {
		return nil, &refusal{manifest: m, err: err}
	}
	j.recorder.change(func(r *record.Record) { r.Machine = thisMachine(m.Executor, j.outer) })
	j.say("%s on %s%s", m.Address, j.recorder.record.Node, pinned(m))
	return j, nil
}

func (j *job) log() string  { return filepath.Join(j.attempt, "log") }
func (j *job) work() string { return workFolder(j.folder) }

// start is where in the working copy the command starts.
func (j *job) start() string { return filepath.Join(j.work(), filepath.FromSlash(j.manifest.Dir)) }

// say writes one line into the log.
func (j *job) say(format string, args ...any) {
	fmt.Fprintf(j.options.Stderr, "runpipe: "+format+"\n", args...)
}

// token names this start of this job among those of all runs: the local
// executor counts the jobs of each run from 1.
func (j *job) token() string { return j.manifest.Run + "-" + j.name() }

// name names this start of this job within its run.
func (j *job) name() string {
	id := j.id
	if id == "" {
		id = "pid" + strconv.Itoa(os.Getpid())
	}
	return id + "-" + strconv.Itoa(j.restarts)
}

// jobID reads the scheduler's id of the job and how often it was requeued. The
// local executor may itself run inside a Slurm job.
func jobID(executor string, env environ) (id string, restarts int) {
	if executor == "local" {
		return env["RUNPIPE_LOCAL_JOB"], 0
	}
	restarts, _ = strconv.Atoi(env["SLURM_RESTART_COUNT"]) // unset on the first run of 22.05
	return env["SLURM_JOB_ID"], restarts
}

// nodeName is the scheduler's name of this machine, or its own.
func nodeName(executor string, env environ) string {
	if name := env["SLURMD_NODENAME"]; name != "" && executor == "slurm" {
		return name
	}
	host, err := os.Hostname()
	if err != nil {
		return ""
	}
	return host
}

func newRecord(m *stages.Manifest, env environ, now time.Time) record.Record {
	id, restarts := jobID(m.Executor, env)
	node := nodeName(m.Executor, env)
	rec := record.Record{
		Version: record.Version, Run: m.Run, Pipeline: m.Pipeline, Address: m.Address, Kind: m.Kind, Key: m.Key,
		Attempt: m.Attempt, State: record.Running, Step: "prepare",
		Executor: m.Executor, Job: id, Restarts: restarts, Node: node, Started: now.UTC(),
		Command: m.Command, Script: m.Script, Env: m.Env, PassEnv: m.PassEnv, Pins: m.Pins, Dirty: m.Dirty,
		Determinism: string(m.Determinism), Seed: m.Seed,
	}
	if info, err := os.Stat(filepath.Join(m.StageDir, "job.json")); err == nil { // written a moment before it was handed over
		written := info.ModTime().UTC()
		rec.Submitted = &written
	}
	return rec
}

// pinned tells which commits the stage rests on.
func pinned(m *stages.Manifest) string {
	var commits []string
	for _, name := range sortedKeys(m.Pins) {
		if commit := m.Pins[name]; len(commit) == 40 && !slices.Contains(commits, commit) {
			commits = append(commits, commit)
		}
	}
	if len(commits) == 0 {
		return ""
	}
	return ", commit " + strings.Join(commits, ", ")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
