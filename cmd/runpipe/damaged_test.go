package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
)

// Files of a finished run that are cut short, or of a newer runpipe, are told or
// passed over; what was made is made once all the same.
func TestDamagedFiles(t *testing.T) {
	p := newPerson(t, nil)
	marks := filepath.Join(p.dir, "marks")
	p.write("three.hcl", threeStages(marks))
	p.gets(0, "runpipe", "apply", "three.hcl")
	st, _ := p.status("")
	dir := filepath.Join(".runpipe/runs", st.Run)
	whole := p.read(filepath.Join(dir, "run.json"))
	for _, c := range []struct {
		file, content string
		code          int
		says          string
	}{
		{"run.json", whole[:len(whole)/2], 1, "is damaged"},
		{"run.json", newer(whole), 1, "use the runpipe that wrote it"},
		{"run.json", whole, 0, ""},
		{"observed.json", `{"version": 1, "jo`, 0, ""},
		{"journal-login9-7.jsonl", `{"version":1,"event":"cancel","addre`, 0, ""},
		{"journal-login9-7.jsonl", "\x00\x00\x00\x00", 0, ""}, // as a crash leaves it on some file systems
		{"stages/stage.a/attempt-1/record.json", `{"version": 1, "st`, 0, ""},
	} {
		p.write(filepath.Join(dir, c.file), c.content)
		p.has(p.gets(c.code, "runpipe", "status", st.Run).stderr, c.says)
	}
	p.gets(0, "runpipe", "apply", "three.hcl")
	for _, name := range []string{"a", "b", "c"} {
		if ran := p.read(marks + "-" + name); ran != "ran\n" {
			t.Errorf("stage.%s left %q, want one line", name, ran)
		}
	}
}

// newer is a file as a later runpipe might write it.
func newer(content string) string {
	return strings.Replace(strings.Replace(content, `"version": 1,`, `"version": 99,`, 1), `"version":1,`, `"version":99,`, 1)
}

// damages are what may become of a file.
var damages = map[string]func(whole string) string{
	"truncated": func(whole string) string { return whole[:len(whole)/2] },
	"garbage":   func(whole string) string { return strings.Repeat("\x9c\x01 }", len(whole)/4+1) },
	"newer":     newer,
}

// Each file of a run that is going on is damaged under the eyes of a watcher, in
// each way: it is told of where it is, the rest is shown as it is, nobody dies of
// it, and nothing of another runpipe is written over.
func TestDamagedFilesOfALiveRun(t *testing.T) {
	t.Parallel() // it waits most of the time
	onBoth(t, func(t *testing.T, p *person) {
		b := p.begin("middle", "nice = 0")
		watch, seen := b.command("runpipe", "watch", b.id), filepath.Join(p.dir, "seen")
		screen, err := os.Create(seen)
		p.must(err)
		defer screen.Close()
		watch.Stderr = screen
		p.must(watch.Start())
		await(t, "the watcher", func() bool { return strings.Contains(p.read(seen), "stage.head") })
		dir := filepath.Join(".runpipe/runs", b.id)
		const record, unread = "stages/stage.%s/attempt-1/record.json", "its record cannot be read: "
		p.write(filepath.Join(dir, "observed.json"), `{"version": 1, "jobs": {}}`)
		p.write(filepath.Join(dir, "lock"), `{"version": 1, "host": "login9", "user": "ada", "pid": 7, "start": 1, "boot": "x", "pid_namespace": "y", "since": "2026-11-25T20:00:00Z"}`)
		var count tally
		for _, c := range []struct {
			file  string
			code  int    // of status
			says  string // in its words
			after func() // a last damage
		}{
			{"run.json", 1, "opening run " + b.id, nil},
			{"journal.jsonl", 1, "reading the run's journal, line ", nil},
			{"submission.json", 0, "", nil},
			{"observed.json", 0, "", nil},
			{"lock", 0, "", func() {
				p.has(p.gets(1, "runpipe", "unlock", b.id).stderr, "use the runpipe that wrote it")
				p.write(filepath.Join(dir, "lock"), "{")
				p.has(p.gets(0, "runpipe", "unlock", b.id).stdout, "was damaged and named nobody")
			}},
			{fmt.Sprintf(record, "head"), 0, unread, func() {
				p.gets(0, "runpipe", "show", b.id)
			}},
			{fmt.Sprintf(record, "middle"), 0, unread, func() { time.Sleep(1100 * time.Millisecond) }}, // by then the watcher has looked
		} {
			path := filepath.Join(dir, c.file)
			whole := p.read(path)
			for _, how := range []string{"truncated", "garbage", "newer"} {
				if c.file == "journal.jsonl" && how == "truncated" {
					continue // which a dying writer leaves, too
				}
				damaged := damages[how](whole)
				p.replace(path, damaged)
				count.injected++
				r := p.gets(c.code, "runpipe", "status", "--json", b.id)
				says := []string{c.says}
				if c.says != "" {
					says = append(says, filepath.Base(path))
				}
				if how == "newer" && c.says != "" {
					says = append(says, "has version 99, and this runpipe reads version 1: use the runpipe that wrote it")
				}
				p.has(r.stdout+r.stderr, says...)
				if c.code == 0 {
					var st run.Status
					p.must(json.Unmarshal([]byte(r.stdout), &st))
					states := fmt.Sprint(st.Stages[0].State, " ", st.Stages[1].State, " ", st.Stages[2].State)
					if states != "succeeded running waiting" || st.State != run.Running {
						count.wrong++
						t.Errorf("%s %s: the run is %s, its stages %s", c.file, how, st.State, states)
					}
				}
				if how == "newer" && p.read(path) != damaged {
					t.Errorf("%s of a newer runpipe was written over", c.file)
				}
			}
			if c.after != nil {
				c.after()
			}
			if c.file != "lock" {
				p.replace(path, whole)
			}
		}
		b.open()
		if err := watch.Wait(); err != nil {
			count.lost++
			t.Errorf("the watcher: %v:\n%s", err, p.read(seen))
		}
		t.Logf("the watcher:\n%s", p.read(seen))
		for _, name := range []string{"head", "middle", "tail"} {
			b.is(name, run.Succeeded, 1)
		}
		b.whole()
		count.log(t, "damaged files of a run that is going on, "+p.executor)
	})
}

// An older runpipe leaves alone what a newer one has made in the same workspace.
func TestAnOlderRunpipe(t *testing.T) {
	p := newPerson(t, nil)
	marks := filepath.Join(p.dir, "marks")
	p.write("three.hcl", threeStages(marks))
	p.gets(0, "runpipe", "apply", "three.hcl")
	st, stages := p.status("")
	dir := filepath.Join(".runpipe/runs", st.Run)
	const old = "and this runpipe reads version 1: use the runpipe that wrote it"
	try := func(path string, code map[string]int) {
		t.Helper()
		whole := p.read(path)
		p.write(path, newer(whole))
		for _, words := range []string{"status", "watch", "cancel", "resume", "unlock " + st.Run, "runs", "verify", "gc --keep 0 --yes", "gc --keep 5 --yes", "plan three.hcl", "apply --rerun stage.a three.hcl", "lock three.hcl"} {
			want, listed := code[words]
			if !listed {
				continue
			}
			delete(code, words)
			r := p.gets(want, append([]string{"runpipe"}, strings.Fields(words)...)...)
			if want == 1 {
				p.has(r.stderr+r.stdout, filepath.Base(path)+" has version 99, "+old)
			}
		}
		if p.read(path) != newer(whole) {
			t.Errorf("%s was written over", path)
		}
		if len(code) > 0 {
			t.Errorf("not tried: %v", code)
		}
		p.write(path, whole)
	}
	try(filepath.Join(dir, "run.json"), map[string]int{"status": 1, "watch": 1, "cancel": 1, "resume": 1, "unlock " + st.Run: 1, "runs": 1, "verify": 1, "gc --keep 0 --yes": 1})
	try(filepath.Join(dir, "journal.jsonl"), map[string]int{"status": 1, "watch": 1, "cancel": 1, "resume": 1, "runs": 1})
	try(filepath.Join(".runpipe/store", stages["stage.a"].Key, "record.json"), map[string]int{"status": 0, "plan three.hcl": 1, "apply --rerun stage.a three.hcl": 1, "gc --keep 5 --yes": 1})
	try(filepath.Join(dir, "stages/stage.a/attempt-1/record.json"), map[string]int{"status": 0, "watch": 0, "cancel": 0, "runs": 0, "verify": 1})
	p.gets(0, "runpipe", "apply", "three.hcl")
	for _, name := range []string{"a", "b", "c"} {
		if ran := p.read(marks + "-" + name); ran != "ran\n" {
			t.Errorf("stage.%s left %q, want one line", name, ran)
		}
	}
}

// A job of an older runpipe does not replace what a newer one has published
// meanwhile.
func TestAnOlderJob(t *testing.T) {
	t.Parallel() // it waits most of the time
	b := newPerson(t, nil).begin("head", "nice = 0")
	entry := filepath.Join(".runpipe/store", b.stage("head").Key, "record.json")
	b.write(entry, `{"version": 99}`)
	b.open()
	b.awaitState("head", run.Failed)
	b.is("head", run.Failed, 1, "has version 99", "use the runpipe that wrote it")
	b.is("tail", run.Skipped, 0)
	if left := b.read(entry); left != `{"version": 99}` {
		t.Errorf("the newer record became %s", left)
	}
}

// A manifest that is damaged while its job waits stops that job alone.
func TestADamagedManifest(t *testing.T) {
	t.Parallel() // it waits most of the time
	onBoth(t, func(t *testing.T, p *person) {
		b := p.begin("middle", "nice = 0")
		manifest := filepath.Join(".runpipe/runs", b.id, "stages/stage.tail/job.json")
		whole := b.read(manifest)
		b.write(manifest, whole[:len(whole)/2])
		b.open()
		b.gets(3, "runpipe", "watch", b.id)
		b.is("middle", run.Succeeded, 1)
		b.is("tail", run.Failed, 0, "is not the file that was submitted")
		b.again()
		b.is("middle", run.Succeeded, 1)
		b.is("tail", run.Succeeded, 1)
		b.nothingQueued()
	})
}

// A submission that was cut short, and of which the plan for the rest is damaged,
// can no more be completed, but it can be cancelled.
func TestADamagedSubmission(t *testing.T) {
	t.Parallel() // it waits most of the time
	onBoth(t, func(t *testing.T, p *person) {
		tr := p.trial(1, "submit stage.c")
		tr.start("die "+p.stepNumber("submit stage.c"), "apply", tr.file)
		if tr.wait() != -1 {
			t.Fatalf("apply was not killed:\n%s", tr.out)
		}
		id := tr.run()
		file := filepath.Join(".runpipe/runs", id, "submission.json")
		whole := p.read(file)
		for _, how := range []string{"newer", "truncated"} {
			p.write(file, damages[how](whole))
			p.has(p.gets(1, "runpipe", "resume", id).stderr, "reading what was to be submitted: ", "submission.json")
		}
		r := p.gets(0, "runpipe", "cancel", id)
		p.has(r.stderr, "The submission cannot be taken back as a whole", "submission.json is damaged")
		p.nothingQueued()
		if st, _ := p.status(id); st.State != run.Cancelled {
			t.Errorf("the run is %s", st.State)
		}
		p.gets(0, "runpipe", "apply", tr.file)
		for _, name := range []string{"a", "b", "c"} {
			if ran := p.read(tr.marks + "-" + name); ran != "ran\n" {
				t.Errorf("stage.%s left %q, want one line", name, ran)
			}
		}
	})
}
