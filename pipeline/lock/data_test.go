package lock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/download"
)

func TestData(t *testing.T) {
	p := newProject(t)
	reads := 0
	now := DataPin{SHA256: strings.Repeat("ab", 32), Size: 1 << 40}
	w := Data{Address: "data.set", Asked: "https://host/set.tar", Range: wanted("").Range, Read: func(context.Context, string) (DataPin, error) {
		reads++
		return now, nil
	}}
	same := w
	same.Address = "data.again"
	update := func(o DataOptions, wanted ...Data) (*File, []Change, int) {
		t.Helper()
		f := p.read()
		changes, diags := UpdateData(t.Context(), f, wanted, o)
		if err := f.Write(p.path()); err != nil {
			t.Fatal(err)
		}
		return f, changes, len(diags)
	}
	if _, changes, faults := update(DataOptions{Dry: true}, w); faults != 1 || len(changes) != 0 || reads != 0 {
		t.Error("a dry update reads the data")
	}
	if f := p.read(); true {
		if _, diags := UpdateData(t.Context(), f, []Data{w}, DataOptions{Locked: true}); !Refused(diags) || reads != 0 {
			t.Errorf("--locked pins: %v", diags)
		}
	}
	if _, changes, faults := update(DataOptions{}, w, same); faults != 0 || len(changes) != 1 || reads != 1 {
		t.Errorf("%d changes, %d faults, read %d times", len(changes), faults, reads)
	}
	f, changes, _ := update(DataOptions{Locked: true}, w)
	if pin, ok := f.Data(w.Asked); !ok || !gocmp.Equal(pin, now) || len(changes) != 0 || reads != 1 {
		t.Errorf("the pin is %+v", pin)
	}
	old := now
	now.SHA256 = strings.Repeat("cd", 32)
	_, changes, _ = update(DataOptions{Upgrade: func(address string) bool { return address == "data.set" }}, w)
	if len(changes) != 1 || changes[0].Old != old.SHA256 || changes[0].New != now.SHA256 || changes[0].What != "sha256 moved abababa → cdcdcdc" {
		t.Errorf("%v → %v: %+v", old, now, changes)
	}
	w.Asked = "other"
	for _, err := range []error{errors.New("broken https://ada:secret@host"), &download.Fault{Summary: "Disk full", Detail: "no room"}} {
		w.Read = func(context.Context, string) (DataPin, error) { return DataPin{}, err }
		_, diags := UpdateData(t.Context(), p.read(), []Data{w}, DataOptions{})
		if len(diags) != 1 || strings.Contains(diags.Error(), "secret") || diags[0].Subject.Start.Line != 3 {
			t.Errorf("%v: %v", err, diags)
		}
	}
}

var commit = strings.Repeat("c0", 20)

func one(path string) string {
	return fmt.Sprintf("  file %q {\n    sha256 = %q\n    size   = 5\n  }\n", path, strings.Repeat("ab", 32))
}

// several is a pin of several files.
func several(commit string, paths ...string) string {
	text := fmt.Sprintf("data \"a\" {\n  commit = %q\n", commit)
	for _, path := range paths {
		text += one(path)
	}
	return text + "}\n"
}

// A pin of several files is read as it was written, and data of one revision is
// pinned to one commit until one of them is upgraded.
func TestDataOfACommit(t *testing.T) {
	p := newProject(t)
	now := commit
	var asked []string
	data := func(name, patterns string) Data {
		return Data{
			Address: "data." + name, Asked: "https://hub/a/b@main" + patterns, Family: "https://hub/a/b@main", Revision: "revision main", Range: wanted("").Range,
			Read: func(_ context.Context, at string) (DataPin, error) {
				asked = append(asked, at)
				return DataPin{Commit: cmp.Or(at, now), Size: 10, Files: []stages.DataFile{{Path: "a/x y", SHA256: strings.Repeat("ab", 32), Size: 4}, {Path: "z\"${q}", SHA256: strings.Repeat("cd", 32), Size: 6}}}, nil
			},
		}
	}
	update := func(o DataOptions, wanted ...Data) []Change {
		t.Helper()
		f := p.read()
		changes, diags := UpdateData(t.Context(), f, wanted, o)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if err := f.Write(p.path()); err != nil {
			t.Fatal(err)
		}
		return changes
	}
	all, some := data("all", ""), data("some", " *.json")
	if got := update(DataOptions{}, all); len(got) != 1 || got[0].Files != 2 || got[0].Bytes != 10 || got[0].What != "revision main → c0c0c0c" {
		t.Errorf("told %+v", got)
	}
	now = strings.Repeat("d1", 20)
	other := data("other", "2") // revision main2
	other.Family = other.Asked
	update(DataOptions{}, all, some, other)
	if diff := gocmp.Diff([]string{"", commit, ""}, asked); diff != "" {
		t.Errorf("read at (-want +got):\n%s", diff)
	}
	if pin, ok := p.read().Data(some.Asked); !ok || pin.Commit != commit || len(pin.Files) != 2 || pin.Files[1].Path != "z\"${q}" || pin.Size != 10 {
		t.Errorf("the pin is %+v", pin)
	}
	got := update(DataOptions{Upgrade: func(address string) bool { return address == "data.some" }}, all, some)
	if len(got) != 1 || got[0].Old != commit || got[0].New != now || got[0].What != "revision main moved c0c0c0c → d1d1d1d" {
		t.Errorf("told %+v", got)
	}
	if pin, _ := p.read().Data(all.Asked); pin.Commit != commit {
		t.Errorf("what was not to be upgraded moved to %s", pin.Commit)
	}
}

func TestDamagedData(t *testing.T) {
	p := newProject(t)
	for _, block := range []string{
		`data "a" { sha256 = "ab" }`, "data \"a\" {\n sha256 = \"ab\"\n size = 1\n}", "data \"a\" {\n sha256 = \"" + strings.Repeat("ab", 32) + "\"\n size = -1\n}",
		"data \"a\" {\n sha256 = \"" + strings.Repeat("ab", 32) + "\"\n size = \"many\"\n}",
		strings.Repeat("data \"a\" {\n sha256 = \""+strings.Repeat("ab", 32)+"\"\n size = 1\n}\n", 2),
		`data "a" {}`, several("") + one("a"), several(commit), "data \"a\" {\n commit = \"main\"\n" + one("a") + "}\n",
		several(commit, "b", "a"), several(commit, "a", "a"), several(commit, "../a"), several(commit, "/a"), several(commit, ""), several(commit, "a", "a/b"),
		"data \"a\" {\n commit = \"" + commit + "\"\n file \"a\" {}\n}\n", strings.Replace(several(commit, "a"), "commit", "sha256 = \""+strings.Repeat("ab", 32)+"\"\n commit", 1),
	} {
		if err := os.WriteFile(p.path(), []byte("version = 1\n"+block), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, diags := Read(p.path()); !diags.HasErrors() {
			t.Errorf("%s is taken", block)
		}
	}
}
