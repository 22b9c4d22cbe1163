package lock

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	if pin, ok := f.Data(w.Asked); !ok || !cmp.Equal(pin, now) || len(changes) != 0 || reads != 1 {
		t.Errorf("the pin is %+v", pin)
	}
	old := now
	now.SHA256 = strings.Repeat("cd", 32)
	_, changes, _ = update(DataOptions{Upgrade: func(address string) bool { return address == "data.set" }}, w)
	if len(changes) != 1 || !changes[0].Moved || !strings.Contains(changes[0].Packages, "abababa → cdcdcdc") {
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

func TestDamagedData(t *testing.T) {
	p := newProject(t)
	for _, block := range []string{
		`data "a" { sha256 = "ab" }`, "data \"a\" {\n sha256 = \"ab\"\n size = 1\n}", "data \"a\" {\n sha256 = \"" + strings.Repeat("ab", 32) + "\"\n size = -1\n}",
		"data \"a\" {\n sha256 = \"" + strings.Repeat("ab", 32) + "\"\n size = \"many\"\n}",
		strings.Repeat("data \"a\" {\n sha256 = \""+strings.Repeat("ab", 32)+"\"\n size = 1\n}\n", 2),
	} {
		if err := os.WriteFile(p.path(), []byte("version = 1\n"+block), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, diags := Read(p.path()); !diags.HasErrors() {
			t.Errorf("%s is taken", block)
		}
	}
}
