package supervise

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages/conda/condatest"
)

// A package that was changed, or is gone, since it was fetched is found when the job
// starts, and no client ever sees it.
func TestCondaPackages(t *testing.T) {
	dir := t.TempDir()
	f := condatest.Package{Name: "a", Version: "1", Build: "0"}.Make(t)
	c := condatest.NewChannel(t, f)
	o := CondaOptions{List: filepath.Join(dir, "conda.txt"), Cache: filepath.Join(dir, "cache"), Out: io.Discard}
	if err := os.WriteFile(o.List, []byte("@EXPLICIT\n"+c.Of(f)+"#"+f.SHA256()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	isDrift := func(what string) {
		t.Helper()
		dest := filepath.Join(dir, what)
		err := CondaPackages(t.Context(), o, dest)
		var found *failure
		if !errors.As(err, &found) || found.state != record.Drift || !strings.Contains(err.Error(), f.Name) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Stat(filepath.Join(dest, "explicit.txt")); err == nil {
			t.Errorf("%s: there is a list for the client", what)
		}
	}
	isDrift("gone")
	if asked := c.Requests(); len(asked) > 0 {
		t.Errorf("without leave it asked for %v", asked)
	}
	o.Fetch = true
	if err := CondaPackages(t.Context(), o, filepath.Join(dir, "fetched")); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(o.Cache, "sha256", f.SHA256())
	if err := os.Remove(kept); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Fetch = false
	isDrift("changed")
}
