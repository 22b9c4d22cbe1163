package run

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/slurm"
)

// What another login node has seen counts by its own clock alone: one that is an
// hour behind has not seen a job absent for an hour.
func TestAbsenceIsEachHostsOwn(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	behind := readObservations(dir)
	behind.host = "login2"
	if !behind.see("7", nil, now.Add(-time.Hour)) {
		t.Fatal("an absence is nothing new")
	}
	if err := behind.write(dir); err != nil {
		t.Fatal(err)
	}
	here := readObservations(dir)
	if at := here.Jobs["7"].Absent; at != nil {
		t.Errorf("absent here since %s, before anybody has looked", at)
	}
	if !here.see("7", nil, now) || here.Jobs["7"].Absent == nil || !here.Jobs["7"].Absent.Equal(now) {
		t.Errorf("having looked, it is %+v", here.Jobs["7"])
	}
	if here.see("7", nil, now.Add(time.Minute)) {
		t.Error("the second look is news")
	}
	var s StageStatus
	s.State = Running
	s.missing(here.Jobs["7"], now.Add(absence-time.Second))
	if s.State != Running {
		t.Errorf("within five minutes it is %s", s.State)
	}
	s.missing(here.Jobs["7"], now.Add(absence))
	if s.State != Lost {
		t.Errorf("after five minutes it is %s", s.State)
	}
	here.see("7", &slurm.QueuedJob{ID: "7", State: "RUNNING"}, now)
	if len(here.Jobs) != 0 {
		t.Errorf("back in the queue, it is %+v", here.Jobs["7"])
	}
}

// A record is waited for by one clock, whatever the scheduler's says.
func TestARecordIsWaitedForByOneClock(t *testing.T) {
	now := time.Now()
	for _, skew := range []time.Duration{-20 * time.Minute, 0, 20 * time.Minute} { // of the controller
		job := slurm.QueuedJob{ID: "7", State: "COMPLETED", End: now.Add(skew)}
		seen := observations{host: "login1", Jobs: map[string]*observation{}}
		seen.see("7", &job, now)
		for later, want := range map[time.Duration]bool{0: true, recordDelay - time.Second: true, recordDelay: false} {
			if got := (evidence{seen: seen, now: now.Add(later)}).fresh(job); got != want {
				t.Errorf("a controller %s ahead, %s after it was seen to end: still waited for is %v", skew, later, got)
			}
		}
	}
	old := slurm.QueuedJob{ID: "7", State: "COMPLETED", End: now.Add(-24 * time.Hour)}
	seen := observations{host: "login1", Jobs: map[string]*observation{}}
	seen.see("7", &old, now)
	if (evidence{seen: seen, now: now}).fresh(old) {
		t.Error("the record of a job that ended yesterday is waited for")
	}
}

// A node whose clock is ahead has a record that starts after the controller's end.
func TestAnEndIsNeverBeforeItsStart(t *testing.T) {
	now := time.Now()
	s := StageStatus{}
	s.take(&record.Record{State: record.Running, Started: now.Add(5 * time.Minute), Node: "n2"})
	s.takeQueued(slurm.QueuedJob{State: "NODE_FAIL", Start: now, End: now.Add(time.Minute)})
	if s.Ended.Before(*s.Started) {
		t.Errorf("it ran from %s to %s", s.Started, s.Ended)
	}
}

// The ids of runs sort in the order in which they were made, on whichever login node.
func TestIDsSortUnderSkew(t *testing.T) {
	w := &workspace.Workspace{Root: t.TempDir()}
	noon := time.Date(2026, 11, 23, 12, 0, 0, 999_999_999, time.UTC)
	var ids []string
	for i, skew := range []time.Duration{0, 7 * time.Minute, -7 * time.Minute, 0, -time.Hour, 0, 7 * time.Minute} {
		id := NextID(w, noon.Add(skew).Add(time.Duration(i)))
		ids = append(ids, id)
		if err := os.MkdirAll(filepath.Join(w.Runs(), id), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.IsSorted(ids) {
		t.Errorf("the ids are not in order: %v", ids)
	}
	if err := os.MkdirAll(filepath.Join(w.Runs(), "20991231-235959-zzzz"), 0o700); err != nil {
		t.Fatal(err)
	}
	if id := NextID(w, noon); id[:8] != "20261123" {
		t.Errorf("a run of a wild clock makes the next one %s", id)
	}
}

// A journal that goes on on a login node whose clock is behind stays in order.
func TestJournalOrderUnderSkew(t *testing.T) {
	dir := t.TempDir()
	ahead, err := openJournal(dir, submitterJournal)
	if err != nil {
		t.Fatal(err)
	}
	ahead.after = time.Now().Add(10 * time.Minute) // its clock is ten minutes ahead
	for _, e := range []Entry{{Event: EventSubmit, Address: "a"}, {Event: EventSubmitted, Address: "a", Job: "1"}} {
		if err := ahead.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := readJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	behind, err := openJournal(dir, laterJournal())
	if err != nil {
		t.Fatal(err)
	}
	behind.after = newLedger(entries).newest // as takeUp does
	for _, e := range []Entry{{Event: EventRestart}, {Event: EventSubmitted, Address: "a", Job: "2"}} {
		if err := behind.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if entries, err = readJournal(dir); err != nil {
		t.Fatal(err)
	}
	if id := newLedger(entries).jobs["a"].id; id != "2" {
		t.Errorf("the job that counts is %q, want the one submitted last", id)
	}
}
