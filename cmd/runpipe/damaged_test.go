package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/slurm/slurmtest"
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
	"empty":     func(string) string { return "" },
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
		watch := b.command("runpipe", "watch", b.id)
		p.must(watch.Start())
		dir := filepath.Join(".runpipe/runs", b.id)
		head := "stages/stage.head/attempt-1/record.json"
		middle := "stages/stage.middle/attempt-1/record.json"
		lock := fmt.Sprintf(`{"version": 1, "host": "login9", "user": "ada", "pid": 7, "start": 1, "boot": "x", "pid_namespace": "y", "since": %q}`, "2026-11-25T20:00:00Z")
		p.write(filepath.Join(dir, "observed.json"), `{"version": 1, "jobs": {}}`)
		var count tally
		for _, c := range []struct {
			file   string
			code   int    // of status
			says   string // status's words, on either stream
			except string // a damage that says nothing
		}{
			{"run.json", 1, "run.json", ""},
			{"journal.jsonl", 1, "journal.jsonl", "truncated empty"}, // which a dying writer leaves, too
			{"submission.json", 0, "", "all"},
			{"observed.json", 0, "", "all"},
			{"lock", 0, "", "all"},
			{head, 0, "its record cannot be read: ", ""},
			{middle, 0, "its record cannot be read: ", ""},
		} {
			path := filepath.Join(dir, c.file)
			whole := lock
			if c.file != "lock" {
				whole = p.read(path)
			}
			for _, how := range []string{"truncated", "empty", "garbage", "newer"} {
				if c.file == "journal.jsonl" && c.except != "" && strings.Contains(c.except, how) {
					continue
				}
				damaged := damages[how](whole)
				p.write(path, damaged)
				count.injected++
				r := p.types("runpipe", "status", b.id)
				if r.code != c.code {
					count.wrong++
					t.Errorf("%s %s: exit status %d, want %d:\n%s%s", c.file, how, r.code, c.code, r.stdout, r.stderr)
				}
				if c.says != "" {
					p.has(r.stdout+r.stderr, c.says, filepath.Base(path))
				}
				if how == "newer" && c.says != "" {
					p.has(r.stdout+r.stderr, "has version 99, and this runpipe reads version 1: use the runpipe that wrote it")
				}
				if c.code == 0 {
					states := fmt.Sprint(b.stage("head").State, b.stage("middle").State, b.stage("tail").State)
					if want := fmt.Sprint(run.Succeeded, run.Running, run.Waiting); states != want {
						count.wrong++
						t.Errorf("%s %s: the stages are %s, want %s", c.file, how, states, want)
					}
				}
				if c.file == head && how == "garbage" {
					t.Logf("status:\n%s", r.stdout)
					p.gets(0, "runpipe", "show", b.id)
					time.Sleep(1100 * time.Millisecond) // so that the watcher has certainly looked
				}
				if how == "newer" && p.read(path) != damaged {
					t.Errorf("%s of a newer runpipe was written over", c.file)
				}
			}
			if c.file == "lock" {
				p.has(p.gets(1, "runpipe", "unlock", b.id).stderr, "use the runpipe that wrote it")
				p.write(path, "{")
				p.has(p.gets(0, "runpipe", "unlock", b.id).stdout, "was damaged and named nobody")
				continue
			}
			p.write(path, whole)
		}
		b.open()
		if err := watch.Wait(); err != nil {
			count.lost++
			t.Errorf("the watcher: %v", err)
		}
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
		for _, words := range []string{"status", "watch", "cancel", "resume", "unlock " + st.Run, "runs", "verify", "gc --keep 0 --yes", "plan three.hcl", "apply --rerun stage.a three.hcl", "lock three.hcl"} {
			want, listed := code[words]
			if !listed {
				continue
			}
			r := p.gets(want, append([]string{"runpipe"}, strings.Fields(words)...)...)
			if want == 1 {
				p.has(r.stderr+r.stdout, filepath.Base(path)+" has version 99, "+old)
			}
		}
		if p.read(path) != newer(whole) {
			t.Errorf("%s was written over", path)
		}
		p.write(path, whole)
	}
	all := func(code int) map[string]int {
		m := map[string]int{}
		for _, words := range []string{"status", "watch", "cancel", "resume", "unlock " + st.Run, "runs", "verify", "gc --keep 0 --yes"} {
			m[words] = code
		}
		return m
	}
	try(filepath.Join(dir, "run.json"), all(1))
	journal := all(1)
	for _, harmless := range []string{"unlock " + st.Run, "verify"} {
		delete(journal, harmless)
	}
	try(filepath.Join(dir, "journal.jsonl"), map[string]int{"status": 1, "watch": 1, "cancel": 1, "resume": 1, "runs": 1})
	try(filepath.Join(".runpipe/store", stages["stage.a"].Key, "record.json"), map[string]int{"status": 0, "plan three.hcl": 1, "apply --rerun stage.a three.hcl": 1, "gc --keep 5 --yes": 1})
	try(filepath.Join(dir, "stages/stage.a/attempt-1/record.json"), map[string]int{"status": 0, "watch": 0, "cancel": 0, "runs": 0, "verify": 1})
	p.gets(0, "runpipe", "apply", "three.hcl")
	for _, name := range []string{"a", "b", "c"} {
		if ran := p.read(marks + "-" + name); ran != "ran\n" {
			t.Errorf("stage.%s left %q, want one line", name, ran)
		}
	}
	var made struct{ Version int }
	p.must(json.Unmarshal([]byte(p.read(filepath.Join(dir, "run.json"))), &made))
	_ = slurmtest.Required
}
