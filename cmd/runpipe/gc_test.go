package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/gc"
	"github.com/runpipe/runpipe/pipeline/run"
)

// freed is `gc --json` with what it lists, by kind.
func (p *person) freed(words ...string) (view.Freeing, map[gc.Kind]int) {
	p.Helper()
	var f view.Freeing
	p.must(json.Unmarshal([]byte(p.gets(0, append([]string{"runpipe", "gc", "--json"}, words...)...).stdout), &f))
	kinds := map[gc.Kind]int{}
	for _, item := range f.Items {
		kinds[item.Kind]++
	}
	return f, kinds
}

func (p *person) store() []string {
	p.Helper()
	entries, err := os.ReadDir(filepath.Join(p.dir, ".runpipe/store"))
	p.must(err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestGCFreesOnlyWhatNoKeptRunNeeds(t *testing.T) {
	p := newPerson(t, nil)
	p.repository("code", chainCode())
	p.write("mnist.hcl", chain)
	p.gets(0, "runpipe", "apply", "--name", "one", "mnist.hcl")
	p.gets(0, "runpipe", "apply", "--name", "two", "--var", "seed=2", "mnist.hcl")
	p.has(p.gets(0, "runpipe", "gc", "--dry-run").stdout, "There is nothing to free.")
	all := p.store()

	// Without somebody to ask, nothing goes.
	r := p.gets(1, "runpipe", "gc", "--keep", "1")
	p.has(r.stdout, "run", "result", "train.cnn")
	p.has(r.stderr, "--yes")
	if f, kinds := p.freed("--keep", "1"); f.Freed || kinds[gc.RunFolder] != 1 || kinds[gc.Result] != 2 {
		t.Errorf("it would free %+v", f)
	}
	if !slices.Equal(p.store(), all) {
		t.Fatalf("the store holds %v, and held %v", p.store(), all)
	}
	f, kinds := p.freed("--keep", "1", "--yes")
	if !f.Freed || kinds[gc.RunFolder] != 1 || kinds[gc.Result] != 2 || len(p.store()) != len(all)-2 {
		t.Errorf("it freed %+v", f)
	}
	// What the other run needs is whole: it can be verified and reproduced.
	p.gets(0, "runpipe", "verify", "two")
	p.gets(0, "runpipe", "reproduce", "two")
	p.has(p.gets(0, "runpipe", "apply", "--var", "seed=2", "mnist.hcl").stdout, "0 to run, 4 reused")
	p.has(p.gets(1, "runpipe", "status", "one").stderr, "no run")
	p.gets(2, "runpipe", "gc", "--keep", "-2")
	p.gets(2, "runpipe", "gc", "--older-than", "old")
	p.has(p.gets(2, "runpipe", "gc", "--older-than", "3").stderr, "Did you mean 3d?")
}

// A run that waits keeps all that it will need, though --keep 0 drops all others.
func TestGCNeverTouchesALiveRun(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		gate := filepath.Join(p.dir, "gate")
		p.write("drift.hcl", strings.Replace(strings.Replace(gated, "%s", gate, 1), "%s", filepath.Join(p.dir, "ran"), 1))
		p.gets(0, "runpipe", "apply", "--detach", "drift.hcl")
		await(p, "the first stage to be made", func() bool {
			_, stages := p.status("")
			return stages["stage.first"].State == run.Succeeded
		})
		if f, kinds := p.freed("--keep", "0", "--yes"); len(kinds) != 0 {
			t.Errorf("it freed %+v", f)
		}
		p.write("gate", "")
		await(p, "the end", func() bool {
			st, _ := p.status("")
			return st.State.Ended()
		})
		if st, _ := p.status(""); st.State != run.Succeeded {
			t.Errorf("the run %s", st.State)
		}
		if _, kinds := p.freed("--keep", "0", "--yes"); kinds[gc.RunFolder] != 1 || kinds[gc.Result] != 3 || len(p.store()) != 0 {
			t.Errorf("of the ended run it freed %v, and left %v", kinds, p.store())
		}
		p.nothingQueued()
	})
}
