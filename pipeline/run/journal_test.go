package run

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/pipeline/plan"
)

func TestJournalSurvivesATornLine(t *testing.T) {
	dir := t.TempDir()
	j, err := openJournal(dir, submitterJournal)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []Entry{
		{Event: EventSubmit, Address: "clone.code", Attempt: 1, Token: "t1"},
		{Event: EventSubmitted, Address: "clone.code", Attempt: 1, Token: "t1", Job: "17"},
		{Event: EventSubmit, Address: "train.cnn", Attempt: 1, Token: "t2"},
	} {
		if err := j.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := j.file.WriteString(`{"version":1,"event":"submitted","address":"train.c`); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	later, err := openJournal(dir, laterJournal())
	if err != nil {
		t.Fatal(err)
	}
	if err := later.Write(Entry{Event: EventCancel, Addresses: []string{"train.cnn"}, By: "ada@login1"}); err != nil {
		t.Fatal(err)
	}
	_ = later.Close()
	entries, err := readJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := newLedger(entries)
	ids := map[string]string{}
	for address, job := range l.jobs {
		ids[address] = job.id
	}
	if diff := cmp.Diff(map[string]string{"clone.code": "17"}, ids); diff != "" {
		t.Errorf("submitted jobs (-want +got):\n%s", diff)
	}
	if l.cancelled["train.cnn"] != "ada@login1" {
		t.Errorf("the later journal's cancellation was not read: %v", l.cancelled)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "journal*")); len(names) != 2 {
		t.Errorf("journals: %v, want one per writer", names)
	}
	if info, err := os.Stat(filepath.Join(dir, submitterJournal)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the journal is readable by others: %v %v", info.Mode(), err)
	}
}

// What a watcher has read of a journal it keeps, while that is shorter for a moment.
func TestAShorterJournal(t *testing.T) {
	r := &Run{Submitted: &plan.Submitted{Run: "k3f9"}, Dir: t.TempDir()}
	j, err := openJournal(r.Dir, submitterJournal)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, e := range []Entry{{Event: EventSubmit, Address: "stage.a", Attempt: 1}, {Event: EventSubmitted, Address: "stage.a", Attempt: 1, Job: "7"}} {
		if err := j.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	o := &observer{run: r}
	if err := o.readJournals(); err != nil || o.ledger.jobs["stage.a"].id != "7" {
		t.Fatalf("%+v, %v", o.ledger.jobs, err)
	}
	if err := os.Truncate(filepath.Join(r.Dir, submitterJournal), 0); err != nil {
		t.Fatal(err)
	}
	if err := o.readJournals(); err == nil || o.ledger.jobs["stage.a"].id != "7" {
		t.Errorf("after that: %+v, %v", o.ledger.jobs, err)
	}
}
