package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/stages"
)

// observer looks at one run, again and again.
type observer struct {
	run        *Run
	ledger     ledger
	entries    int    // of the journals, in the ledger
	submission string // how the submission stands, while it is not over
	records    map[string]*record.Record
	damaged    map[string]error           // address → why the record that is there cannot be read
	queue      map[string]slurm.QueuedJob // the run's jobs in the newest answer, by id
	others     map[string]bool            // ids of the jobs in it that are none of the run's
	before     map[string]*record.Record  // the records as they were when it was asked for
	unheld     map[string]bool            // ids of jobs that were seen not to be held
	seen       observations
	stale      string
	forgetful  bool // there is no accounting to be asked
}

// Status looks at the run once: at the records, and if these do not settle it,
// with one question to the scheduler.
func (r *Run) Status(ctx context.Context, x slurm.Executor) (Status, error) {
	o, err := observe(r)
	if err != nil {
		return Status{}, err
	}
	return o.look(ctx, x), nil
}

// look looks once, and asks the scheduler if the files do not settle it.
func (o *observer) look(ctx context.Context, x slurm.Executor) Status {
	status := o.status()
	if status.State.Ended() {
		return status
	}
	o.ask(ctx, x)
	return o.status()
}

func observe(r *Run) (*observer, error) {
	o := &observer{run: r, records: map[string]*record.Record{}, damaged: map[string]error{}, unheld: map[string]bool{}, seen: readObservations(r.Dir)}
	if err := o.readJournals(); err != nil {
		return nil, err
	}
	return o, o.read()
}

// readJournals reads what was submitted, and who cancelled what.
func (o *observer) readJournals() error {
	entries, err := readJournal(o.run.Dir)
	if err != nil {
		return err
	}
	if len(entries) < o.entries {
		return errors.New("the run's journal has lost lines that it had")
	}
	o.ledger, o.entries = newLedger(entries), len(entries)
	o.submission = ""
	if o.ledger.settled() {
		return nil
	}
	o.submission = "its submission was interrupted: runpipe resume " + o.run.Run + " goes on with it"
	if by := o.run.submitter(); by != nil {
		o.submission = "being submitted by " + by.User + "@" + by.Host
	}
	return nil
}

// read reads the records of all stages that have not succeeded yet, and the
// journals while the run is being submitted.
func (o *observer) read() error {
	if _, err := os.Stat(filepath.Join(o.run.Dir, plan.SubmittedFile)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is gone, and with it what was known of the run: was the workspace removed, or its file system unmounted?", o.run.Dir)
	}
	if !o.ledger.settled() {
		if err := o.readJournals(); err != nil {
			return err
		}
	}
	for address, job := range o.ledger.jobs {
		if rec := o.records[address]; rec != nil && rec.State == record.Succeeded {
			continue
		}
		rec, err := record.Read(workspace.Attempt(o.run.StageDir(address), job.attempt))
		delete(o.damaged, address)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil: // it says nothing of this stage any more, and of no other
			o.damaged[address] = err
			delete(o.records, address)
		case rec.Job == "" || job.id == rec.Job:
			o.records[address] = rec
		}
	}
	return nil
}

// ask asks the scheduler about all jobs, and the accounting about those that it
// does not list. Without an answer, everything stays as it was.
func (o *observer) ask(ctx context.Context, x slurm.Executor) {
	before := maps.Clone(o.records)
	jobs, err := x.Queue(ctx)
	if err != nil {
		o.stale = err.Error()
		return
	}
	now := time.Now()
	o.stale = ""
	if o.readJournals() != nil { // by whoever cancelled; what was read before still holds
		o.stale = "the run's journal cannot be read"
	}
	listed := map[string]slurm.QueuedJob{}
	o.others = map[string]bool{}
	for _, job := range jobs {
		// An id alone names no job: clusters use them again.
		if strings.HasPrefix(job.Comment, "runpipe:"+o.run.Run+":") {
			listed[job.ID] = job
		} else {
			o.others[job.ID] = true
		}
	}
	o.recall(ctx, x, listed)
	o.queue, o.before = listed, before
	o.note(now)
}

// asked reports whether there is an answer of the scheduler.
func (o *observer) asked() bool { return o.others != nil }

// recall asks the accounting about unfinished jobs that the queue does not list.
func (o *observer) recall(ctx context.Context, x slurm.Executor, listed map[string]slurm.QueuedJob) {
	var missing []string
	for _, id := range o.openJobs() {
		if _, ok := listed[id]; !ok {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 || o.forgetful {
		return
	}
	jobs, err := x.History(ctx, missing...)
	if err != nil {
		o.forgetful = errors.Is(err, slurm.ErrNoAccounting)
		return // it says nothing: neither that they ended, nor that they are gone
	}
	for _, job := range jobs {
		if o.meant(job) {
			listed[job.ID] = job
		}
	}
}

// meant reports whether what the accounting says of an id is about the run's job,
// and worth anything: of a job that the controller has lost it says for ever that
// it is pending or runs, and the id may have been another's, before or since.
func (o *observer) meant(job slurm.QueuedJob) bool {
	for address, own := range o.ledger.jobs {
		if own.id != job.ID {
			continue
		}
		a, err := stages.ParseAddress(address)
		named := err == nil && (job.Name == "" || strings.HasPrefix(job.Name, a.Path()+"/"))
		told := job.Comment == "" || strings.HasPrefix(job.Comment, "runpipe:"+o.run.Run+":")
		recent := job.Submit.IsZero() || own.at.IsZero() || job.Submit.After(own.at.Add(-time.Hour))
		return named && told && recent && job.State.Phase() == slurm.Ended
	}
	return false
}

// openJobs lists the ids of the jobs whose end nobody has seen, in the plan's order.
func (o *observer) openJobs() []string {
	var open []string
	for _, s := range o.run.Stages {
		job, ok := o.ledger.jobs[s.Address]
		rec, seen := o.records[s.Address], o.seen.Jobs[job.id]
		if ok && (rec == nil || rec.State != record.Succeeded) && (seen == nil || seen.Ended == nil) {
			open = append(open, job.id)
		}
	}
	return open
}

// note writes down what the scheduler will forget.
func (o *observer) note(now time.Time) {
	changed := false
	for _, id := range o.openJobs() {
		var job *slurm.QueuedJob
		if listed, ok := o.queue[id]; ok {
			job = &listed
		}
		changed = o.seen.see(id, job, now) || changed
	}
	if changed {
		// A note that cannot be kept (another user's run, a full disk) takes
		// nothing from this answer.
		_ = o.seen.write(o.run.Dir)
	}
}

func (o *observer) status() Status {
	status := o.run.reconcile(evidence{
		run: o.run.Run, ledger: o.ledger, records: o.records, queue: o.queue, before: o.before, seen: o.seen,
		now: time.Now(), submission: o.submission, damaged: o.damaged,
	})
	status.Stale = o.stale
	if isFull(o.run.Dir) {
		status.Full = o.run.workspace.Root
	}
	return status
}

// logOf is the log of the attempt that a record is of.
func logOf(w *workspace.Workspace, rec *record.Record) string {
	address, err := stages.ParseAddress(rec.Address)
	if err != nil {
		return "" // a record that another program wrote
	}
	return filepath.Join(workspace.Attempt(w.Stage(rec.Run, address), rec.Attempt), "log")
}
