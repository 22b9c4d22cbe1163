package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/runpipe/runpipe/pipeline/workspace"
)

// journalVersion is the version of a journal line.
const journalVersion = 1

// Event is what a journal line tells of.
type Event string

// The events. A line with Submit stands before each submission and one with
// Submitted, Refused or Unsent after it: where the second is missing, the
// submitter died in between or got no answer, and the token tells whether the
// job exists. A submission is over with Released or TakenBack.
const (
	EventSubmit    Event = "submit"
	EventSubmitted Event = "submitted"
	EventRefused   Event = "refused"
	EventUnsent    Event = "unsent"  // the scheduler could not be reached: there is no job
	EventRestart   Event = "restart" // what came before counts no more: the scheduler lost jobs, the rest was cancelled
	EventDropped   Event = "dropped" // jobs beside the one that counts, of the same token
	EventRelease   Event = "release"
	EventReleased  Event = "released"
	EventRollback  Event = "rollback"   // what was submitted is to be taken back
	EventTakenBack Event = "taken back" // and has been
	EventCancel    Event = "cancel"
	EventSkip      Event = "skip" // by a job that fails or is being ended: what can no longer run is cancelled
)

// Entry is one line of a journal.
type Entry struct {
	Version   int       `json:"version"`
	Time      time.Time `json:"time"`
	Event     Event     `json:"event"`
	Address   string    `json:"address,omitempty"`
	Addresses []string  `json:"addresses,omitempty"`
	Attempt   int       `json:"attempt,omitempty"`
	Token     string    `json:"token,omitempty"`
	Job       string    `json:"job,omitempty"`
	Jobs      []string  `json:"jobs,omitempty"`
	By        string    `json:"by,omitempty"`
	Error     string    `json:"error,omitempty"`
}

// Journal is an open journal. It has one writer: on a shared file system,
// fsynced lines that two nodes append to one file are lost in one case of five
// (measured on NFS).
type Journal struct {
	file  *os.File
	after time.Time // no line is older: the clocks of two login nodes differ
	torn  bool      // the file may end in the middle of a line
}

// submitterJournal is the file that the submitter writes; whoever comes later
// writes one of its own beside it.
const submitterJournal = "journal.jsonl"

func openJournal(dir, name string) (*Journal, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the run's journal: %w", err)
	}
	return &Journal{file: f, torn: true}, nil
}

// laterJournal is the name of the journal of a process other than the submitter.
func laterJournal() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("journal-%s-%d.jsonl", filepath.Base(host), os.Getpid())
}

// Write appends one line and has it on disk before it returns.
func (j *Journal) Write(e Entry) error {
	e.Version, e.Time = journalVersion, time.Now().UTC()
	if !e.Time.After(j.after) {
		e.Time = j.after.Add(1)
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding a line of the journal: %w", err)
	}
	if j.torn { // an empty line between two is none
		line = append([]byte{'\n'}, line...)
	}
	j.torn = true
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing the run's journal: %w", err)
	}
	j.after, j.torn = e.Time, false
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("writing the run's journal: %w", err)
	}
	return nil
}

// Close closes the journal.
func (j *Journal) Close() error { return j.file.Close() }

// readJournal reads all journals of a run, in the order of time. A line that is
// cut short is the last that a dying writer wrote, and is passed over. Any other
// that cannot be read is an error: it may tell of a job, which must neither be
// forgotten nor submitted again.
func readJournal(dir string) ([]Entry, error) {
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // what is gone is told by who looks for run.json
		return nil, fmt.Errorf("looking for the run's journal: %w", err)
	}
	var entries []Entry
	for _, file := range files {
		if !strings.HasPrefix(file.Name(), "journal") || !strings.HasSuffix(file.Name(), ".jsonl") {
			continue
		}
		name := filepath.Join(dir, file.Name())
		data, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the run's journal: %w", err)
		}
		n := 0
		for line := range bytes.Lines(data) {
			n++
			e, err := parseEntry(name, line)
			if err != nil {
				return nil, fmt.Errorf("reading the run's journal, line %d: %w", n, err)
			}
			if e != nil {
				entries = append(entries, *e)
			}
		}
	}
	sort.SliceStable(entries, func(i, k int) bool { return entries[i].Time.Before(entries[k].Time) })
	return entries, nil
}

// parseEntry reads one line of the journal at path; nil if it was cut short. What
// a crash has left of it may end in zeros, or in the middle.
func parseEntry(path string, line []byte) (*Entry, error) {
	line = bytes.Trim(line, "\x00\r\n\t ")
	if len(line) == 0 {
		return nil, nil
	}
	var e Entry
	var syntax *json.SyntaxError
	err := json.Unmarshal(line, &e)
	switch {
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(line)): // it is right as far as it goes
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%s is damaged: %w: what the run's jobs are doing, squeue -o '%%i %%T %%k' tells", path, err)
	case e.Version != journalVersion:
		return nil, &workspace.VersionError{Path: path, Has: e.Version, Reads: journalVersion}
	}
	return &e, nil
}
