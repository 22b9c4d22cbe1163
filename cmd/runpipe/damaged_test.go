package main

import (
	"path/filepath"
	"strings"
	"testing"
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
		{"run.json", strings.Replace(whole, `"version": 1,`, `"version": 99,`, 1), 1, "use the runpipe that wrote it"},
		{"run.json", whole, 0, ""},
		{"observed.json", `{"version": 1, "jo`, 0, ""},
		{"journal-login9-7.jsonl", `{"version":1,"event":"cancel","addre`, 0, ""},
		{"stages/stage.a/attempt-1/record.json", `{"version": 1, "st`, 1, "is damaged"},
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
