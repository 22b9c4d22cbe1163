package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/runpipe/runpipe/pipeline/run"
)

// shelf is a real web server of files that a test may change.
type shelf struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string]string
	asked int
}

func newShelf(t *testing.T, files map[string]string) *shelf {
	s := &shelf{files: files}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked++
		content, ok := s.files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, content)
	}))
	t.Cleanup(s.Close)
	return s
}

// times is how often the server was asked.
func (s *shelf) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *shelf) put(name, content string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = content
}

// packed is a tar file of a folder with two files, as tar makes it.
func (p *person) packed() string {
	p.Helper()
	p.write("set/train.txt", "seven\n")
	p.write("set/test.txt", "nine\n")
	p.gets(0, "tar", "-czf", "set.tar.gz", "-C", filepath.Join(p.dir, "set"), ".")
	return p.read("set.tar.gz")
}

const withData = `
data "digits" {
  url     = "%s/set.tar.gz?key=hush"
  extract = true
}
data "model" {
  path = "model.bin"
}
train "cnn" {
  script  = <<-END
    cat ${data.digits.path}/train.txt ${data.model.path} > out
    cat out
    stat -c 'mode %%a' ${data.model.path} ${data.digits.path}/test.txt
  END
  outputs = { out = "out" }
}
`

// Data is pinned once, fetched when it is applied, and published like any stage.
func TestData(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		s := newShelf(t, map[string]string{"/set.tar.gz": p.packed()})
		p.write("model.bin", "weights\n")
		p.write("mnist.hcl", fmt.Sprintf(withData, s.URL))
		p.has(p.gets(1, "runpipe", "plan", "mnist.hcl").stderr, "Data without a pin", "runpipe lock")
		p.gets(5, "runpipe", "apply", "--locked", "mnist.hcl")
		if s.times() != 0 {
			t.Error("a plan downloads data")
		}
		r := p.gets(0, "runpipe", "lock", "mnist.hcl")
		p.has(r.stdout, "data.digits", "data.model", "sha256", ", 8 B\n")
		locked := p.read("mnist.lock.hcl")
		p.has(locked, `data "`+s.URL+"/set.tar.gz#", `data "model.bin"`)
		if strings.Contains(locked, "hush") {
			t.Errorf("the lock file holds a query's secret:\n%s", locked)
		}
		p.gets(0, "runpipe", "lock", "--locked", "mnist.hcl")

		p.gets(0, "runpipe", "apply", "mnist.hcl")
		st, stages := p.status("")
		if st.State != run.Succeeded || len(st.Stages) != 3 || s.times() != 1 {
			t.Errorf("the run is %s with %d stages, and the server was asked %d times", st.State, len(st.Stages), s.times())
		}
		p.has(p.read(stages["train.cnn"].Log), "seven\nweights\nmode 444\nmode 444\n")
		first := st.Run
		p.has(p.gets(0, "runpipe", "apply", "mnist.hcl").stdout, "Plan: 0 to run, 3 reused.")
		p.shellchecked()

		// With its file in the workspace, data needs no network.
		s.Close()
		p.gets(0, "runpipe", "verify", first)
		p.has(p.gets(0, "runpipe", "reproduce", first).stdout, "IDENTICAL")
		p.gets(0, "runpipe", "apply", "--rerun", "data.digits", "mnist.hcl")
		p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe/store")))
		p.gets(0, "runpipe", "apply", "mnist.hcl")
		_, stages = p.status("")
		p.has(p.read(stages["train.cnn"].Log), "seven\nweights\n")
		p.nothingQueued()
	})
}

// What is no longer what was pinned is refused before anything is submitted.
func TestDataThatChanged(t *testing.T) {
	p := newPerson(t, nil)
	s := newShelf(t, map[string]string{"/set.tar.gz": p.packed()})
	p.write("model.bin", "weights\n")
	p.write("mnist.hcl", fmt.Sprintf(withData, s.URL))
	p.gets(0, "runpipe", "lock", "mnist.hcl")

	p.write("model.bin", "others.\n")
	r := p.gets(1, "runpipe", "apply", "mnist.hcl")
	p.has(r.stderr, "Another file", "mnist.hcl:7", "model.bin", "lock --upgrade=data.model")
	p.gets(0, "runpipe", "lock", "--upgrade=data.model", "mnist.hcl")
	p.gets(1, "runpipe", "lock", "--upgrade=data.modle", "mnist.hcl")
	p.gets(0, "runpipe", "apply", "mnist.hcl")
	_, stages := p.status("")
	p.has(p.read(stages["train.cnn"].Log), "seven\nothers.\n")

	// A file of the cache that was tampered with is downloaded again.
	kept, err := filepath.Glob(filepath.Join(p.dir, ".runpipe/data/*"))
	p.must(err)
	if len(kept) != 1 {
		t.Fatalf("the cache holds %v", kept)
	}
	p.must(os.Chmod(kept[0], 0o644))
	p.must(os.WriteFile(kept[0], []byte("tampered"), 0o644))
	p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe/store")))
	p.gets(0, "runpipe", "apply", "mnist.hcl")
	_, stages = p.status("")
	p.has(p.read(stages["train.cnn"].Log), "seven\n")

	// A source that changed is noticed, and nothing of it is used.
	p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe")))
	s.put("/set.tar.gz", "something else")
	p.has(p.gets(1, "runpipe", "apply", "mnist.hcl").stderr, "Another file", "changed where it comes from")
	if runs, _ := filepath.Glob(filepath.Join(p.dir, ".runpipe/runs/*/run.json")); len(runs) > 0 {
		t.Errorf("something was submitted: %v", runs)
	}
}

// An archive that is none, and one with an entry that leads out, fail their stage.
func TestDataThatCannotBeUnpacked(t *testing.T) {
	p := newPerson(t, nil)
	s := newShelf(t, map[string]string{"/a.tar": "no archive"})
	p.write("mnist.hcl", fmt.Sprintf("data \"a\" {\n  url = \"%s/a.tar\"\n  extract = true\n}\n", s.URL))
	p.gets(3, "runpipe", "apply", "mnist.hcl")
	_, stages := p.status("")
	p.has(p.read(stages["data.a"].Log), "neither a tar file")
	p.write("mnist.hcl", fmt.Sprintf("data \"a\" {\n  url = \"%s/b.tar\"\n}\n", s.URL))
	p.has(p.gets(1, "runpipe", "apply", "mnist.hcl").stderr, "No such file", "404")
}

// What was pinned of data stays pinned when something else cannot be: it may have
// taken hours to download.
func TestAFailingLockKeepsData(t *testing.T) {
	p := newPerson(t, nil)
	p.write("there.txt", "data\n")
	p.write("p.hcl", "data \"there\" {\n  path = \"there.txt\"\n}\ndata \"missing\" {\n  path = \"mistyped.txt\"\n}\n")
	p.has(p.gets(1, "runpipe", "lock", "p.hcl").stderr, "mistyped.txt", "What could be pinned is in p.lock.hcl.")
	p.has(p.read("p.lock.hcl"), "there.txt")
	p.write("mistyped.txt", "more\n")
	r := p.gets(0, "runpipe", "lock", "p.hcl")
	p.has(r.stdout, "data.missing")
	if strings.Contains(r.stdout, "data.there") {
		t.Errorf("it was pinned again:\n%s", r.stdout)
	}
}
