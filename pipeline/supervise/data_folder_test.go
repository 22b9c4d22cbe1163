package supervise

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// ofFiles writes files by their digests and a list that gives them names.
func ofFiles(t *testing.T, files map[string]string) DataOptions {
	t.Helper()
	dir := t.TempDir()
	list := stages.Contents{Version: stages.ContentsVersion}
	for path, content := range files {
		sum := hexSum([]byte(content))
		if err := os.WriteFile(filepath.Join(dir, sum), []byte(content), 0o444); err != nil {
			t.Fatal(err)
		}
		list.Files = append(list.Files, stages.ContentFile{Path: path, SHA256: sum, Size: int64(len(content))})
	}
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	o := DataOptions{From: dir, List: filepath.Join(dir, stages.ContentsFile), SHA256: hexSum(data), Dest: filepath.Join(dir, "set"), Out: io.Discard}
	if err := os.WriteFile(o.List, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

func wantDrift(t *testing.T, err error, words string) {
	t.Helper()
	var f *failure
	if !errors.As(err, &f) || f.state != record.Drift || !strings.Contains(err.Error(), words) {
		t.Errorf("the error is %v, want DRIFT: %s", err, words)
	}
}

func TestAFolderOfData(t *testing.T) {
	o := ofFiles(t, map[string]string{"a": "one", "b/c": "two", "b/d": "one"})
	if err := Data(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"a": "one", "b/c": "two", "b/d": "one"} {
		if got, err := os.ReadFile(filepath.Join(o.Dest, path)); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v", path, got, err)
		}
	}
}

// Neither a list nor a file that was changed since the run was submitted is used.
func TestAFolderThatDrifted(t *testing.T) {
	o := ofFiles(t, map[string]string{"a": "one"})
	file := filepath.Join(o.From, hexSum([]byte("one")))
	if err := errors.Join(os.Chmod(file, 0o644), os.WriteFile(file, []byte("two"), 0o644)); err != nil {
		t.Fatal(err)
	}
	wantDrift(t, Data(t.Context(), o), "the file was changed")

	o = ofFiles(t, map[string]string{"a": "one"})
	if err := os.Remove(filepath.Join(o.From, hexSum([]byte("one")))); err != nil {
		t.Fatal(err)
	}
	if err := Data(t.Context(), o); err == nil || !strings.Contains(err.Error(), "does not exist on this node") {
		t.Errorf("a missing file gives %v", err)
	}

	o = ofFiles(t, map[string]string{"a": "one"})
	if err := os.WriteFile(o.List, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantDrift(t, Data(t.Context(), o), "was changed since the run was submitted")
}

// A lock file may come from anywhere: no name in it leads out of the folder.
func TestNamesThatLeadOut(t *testing.T) {
	for _, path := range []string{"../a", "/a", "b/../../a", "", ".", "b//a", `..\a`, "a\n", "b/.."} {
		o := ofFiles(t, map[string]string{path: "one"})
		if err := Data(t.Context(), o); err == nil || !strings.Contains(err.Error(), "cannot be one of a folder") {
			t.Errorf("%q gives %v", path, err)
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(o.From), "a")); err == nil {
			t.Fatalf("%q was written outside", path)
		}
	}
	if err := Data(t.Context(), ofFiles(t, map[string]string{"a": "one", "a/b": "two"})); err == nil {
		t.Error("a file that is a folder too is taken")
	}
}
