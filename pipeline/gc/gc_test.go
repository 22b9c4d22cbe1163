package gc_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/pipeline/gc"
	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

type site struct {
	*testing.T
	*workspace.Workspace
}

func newSite(t *testing.T) site {
	t.Helper()
	w, err := workspace.Create(filepath.Join(t.TempDir(), ".runpipe"))
	s := site{t, w}
	s.must(err)
	return s
}

func (s site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func key(letter string) string { return strings.Repeat(letter, 64) }

// run writes a run, so many days old, that needs these keys and the file.
func (s site) run(id string, days int, file string, keys ...string) {
	s.Helper()
	r := plan.Submitted{Version: plan.SubmittedVersion, Run: id, Pipeline: "p", Created: now.Add(-time.Duration(days) * 24 * time.Hour)}
	for _, k := range keys {
		r.Stages = append(r.Stages, plan.SubmittedStage{Address: "stage.s", Key: k, Ingredients: map[string]any{"files": map[string]string{"f": "sha256:" + file}}})
	}
	s.must(workspace.WriteJSON(filepath.Join(s.Workspace.Run(id), plan.SubmittedFile), r))
	s.write(filepath.Join(s.Files(), file))
}

func (s site) write(path string) {
	s.Helper()
	s.must(workspace.WriteFile(path, []byte("content"), 0o600))
}

// environment makes a finished environment: a link in the store to a folder.
func (s site) environment(k string) {
	s.Helper()
	folder := filepath.Join(s.Environments(), k[:16]+"-1-0")
	s.write(filepath.Join(folder, "pyvenv.cfg"))
	s.must(os.MkdirAll(filepath.Dir(s.Output(k, "venv")), 0o700))
	s.must(os.Symlink(folder, s.Output(k, "venv")))
	s.must(record.Write(s.Finished(k), &record.Record{Key: k, State: record.Succeeded, Address: "environment.e", Outputs: []record.Output{{Name: "path", Path: "venv"}}}))
}

func (s site) options(keep int, older time.Duration, live ...string) gc.Options {
	return gc.Options{Keep: keep, OlderThan: older, Now: now, Live: func(r *run.Run) bool {
		for _, id := range live {
			if r.Run == id {
				return true
			}
		}
		return false
	}}
}

// names lists what would be freed, as kind and first letters.
func (s site) names(o gc.Options) []string {
	s.Helper()
	items, err := gc.Find(s.Workspace, o)
	s.must(err)
	var names []string
	for _, item := range items {
		names = append(names, string(item.Kind)+" "+filepath.Base(item.Path)[:2])
	}
	return names
}

func TestFind(t *testing.T) {
	s := newSite(t)
	s.run("1-old", 40, "f1", key("a"), key("b"))
	s.run("2-young", 2, "f2", key("b"), key("c"))
	s.run("3-new", 1, "f2", key("d"))
	for _, k := range []string{"a", "b", "c", "e"} {
		s.environment(key(k))
	}
	s.write(filepath.Join(s.Environments(), "."+key("a")+".claim"))
	s.write(filepath.Join(s.Environments(), key("d")[:16]+"-7-0", "pyvenv.cfg")) // being built
	s.write(filepath.Join(s.Store(), "."+key("d")+"-7-0", "outputs", "x"))       // being published
	s.write(filepath.Join(s.Bin(), "runpipe-"+key("0")))

	orphans := []string{"result ee", "environment ee", "program ru"}
	cut := []string{"leftover .d", "result ee", "environment dd", "environment ee", "program ru"}
	for name, test := range map[string]struct {
		options gc.Options
		want    []string
	}{
		"all runs are kept":             {s.options(-1, 0, "3-new"), orphans},
		"none lives":                    {s.options(-1, 0), cut},
		"the newest two":                {s.options(2, 0, "3-new"), orphans},
		"the newest":                    {s.options(1, 0, "3-new"), append([]string{"run 1-", "result aa"}, "result ee", "environment aa", "environment ee", "file f1", "program ru")},
		"younger than a month":          {s.options(-1, 30*24*time.Hour, "3-new"), append([]string{"run 1-", "result aa"}, "result ee", "environment aa", "environment ee", "file f1", "program ru")},
		"the newest, and the young too": {s.options(0, 30*24*time.Hour, "3-new"), append([]string{"run 1-", "result aa"}, "result ee", "environment aa", "environment ee", "file f1", "program ru")},
		"old, and it lives":             {s.options(-1, 30*24*time.Hour, "1-old", "3-new"), orphans},
	} {
		if diff := cmp.Diff(test.want, s.names(test.options)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	s.must(os.WriteFile(filepath.Join(s.Workspace.Run("1-old"), plan.SubmittedFile), []byte("{"), 0o600))
	if _, err := gc.Find(s.Workspace, s.options(-1, 0)); err == nil {
		t.Error("what an unreadable run needs was freed")
	}
}

// An apply that has come up since Find, and reuses what was to be freed, finds it.
func TestFreePutsBackWhatANewRunNeeds(t *testing.T) {
	s := newSite(t)
	s.run("1-old", 40, "f1", key("a"))
	s.environment(key("a"))
	s.environment(key("b"))
	o := s.options(0, 0)
	items, err := gc.Find(s.Workspace, o)
	s.must(err)
	s.run("2-new", 0, "f1", key("a"))
	o = s.options(0, 0, "2-new")
	freed, err := gc.Free(s.Workspace, items, o)
	s.must(err)
	var names []string
	for _, item := range freed {
		names = append(names, string(item.Kind)+" "+filepath.Base(item.Path)[:2])
	}
	if diff := cmp.Diff([]string{"run 1-", "result bb", "environment bb"}, names); diff != "" {
		t.Errorf("freed (-want +got):\n%s", diff)
	}
	for _, path := range []string{filepath.Join(s.Output(key("a"), "venv"), "pyvenv.cfg"), filepath.Join(s.Files(), "f1"), filepath.Join(s.Finished(key("a")), record.File)} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(s.Root, "*", ".freed-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What a gc that was killed had put out of sight is freed by the next.
func TestALeftoverOfAGCIsFreed(t *testing.T) {
	s := newSite(t)
	s.run("1-old", 40, "f1", key("a"))
	s.environment(key("b"))
	s.must(os.Rename(s.Finished(key("b")), filepath.Join(s.Store(), ".freed-"+key("b"))))
	s.must(os.Rename(s.Workspace.Run("1-old"), filepath.Join(s.Runs(), ".freed-1-old")))
	o := s.options(-1, 0)
	o.Now = time.Now()
	if diff := cmp.Diff([]string{"environment bb", "file f1"}, s.names(o)); diff != "" {
		t.Errorf("what another gc may put back is freed (-want +got):\n%s", diff)
	}
	o.Now = o.Now.Add(2 * time.Hour)
	if diff := cmp.Diff([]string{"leftover .f", "environment bb", "file f1", "leftover .f"}, s.names(o)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	items, err := gc.Find(s.Workspace, o)
	s.must(err)
	if _, err := gc.Free(s.Workspace, items, o); err != nil {
		t.Error(err)
	}
	if got := s.names(o); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
}

// A download stays while a kept run needs it, an older runpipe's too, or somebody may
// just be using it.
func TestDownloads(t *testing.T) {
	s := newSite(t)
	r := plan.Submitted{Version: plan.SubmittedVersion, Run: "20261101-000000-aaaa", Pipeline: "p", Created: now}
	r.Stages = []plan.SubmittedStage{{Address: "data.d", Key: key("a"), Downloads: []string{key("d")}}, {Address: "data.old", Key: key("b"), Ingredients: map[string]any{"sha256": key("c")}}}
	s.must(workspace.WriteJSON(filepath.Join(s.Workspace.Run(r.Run), plan.SubmittedFile), r))
	for _, name := range []string{key("c"), key("d"), key("e"), "part-0123"} {
		s.write(filepath.Join(s.Data(), name))
	}
	find := func(at time.Time) (names []string) {
		t.Helper()
		items, err := gc.Find(s.Workspace, gc.Options{Keep: -1, Now: at, Live: func(*run.Run) bool { return false }})
		s.must(err)
		for _, item := range items {
			names = append(names, string(item.Kind)+" "+filepath.Base(item.Path))
		}
		return names
	}
	if got := find(time.Now()); got != nil {
		t.Errorf("a fresh download is freed: %v", got)
	}
	if diff := cmp.Diff([]string{"download " + key("e"), "download part-0123"}, find(time.Now().Add(2*time.Hour))); diff != "" {
		t.Errorf("freed (-want +got):\n%s", diff)
	}
}
