package supervise

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
)

// A file that was changed since it was pinned is found when the job starts.
func TestData(t *testing.T) {
	dir := t.TempDir()
	from := filepath.Join(dir, "from")
	if err := os.WriteFile(from, []byte("weights"), 0o444); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("weights"))
	o := DataOptions{From: from, SHA256: hex.EncodeToString(sum[:]), Out: io.Discard}
	for name, link := range map[string]bool{"copied": false, "linked": true} {
		o.Dest, o.Link = filepath.Join(dir, name), link
		if err := Data(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		here, err := os.Stat(o.Dest)
		if err != nil || here.Mode().Perm() != 0o444 {
			t.Errorf("%s: %v, %v", name, here, err)
		}
		there, _ := os.Stat(from)
		if os.SameFile(here, there) != link {
			t.Errorf("%s: it is the same file: %v", name, !link)
		}
	}
	if err := os.Chmod(from, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(from, []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, extract := range map[string]bool{"again": false, "folder": true} {
		o.Dest, o.Extract, o.Link = filepath.Join(dir, name), extract, false
		err := Data(t.Context(), o)
		var f *failure
		if !errors.As(err, &f) || f.state != record.Drift {
			t.Errorf("%s: a changed file gives %v", name, err)
		}
	}
	if copied, _ := os.ReadFile(filepath.Join(dir, "copied")); string(copied) != "weights" {
		t.Errorf("the copy follows its source: %q", copied)
	}
	o.From = filepath.Join(dir, "gone")
	if err := Data(t.Context(), o); err == nil || !strings.Contains(err.Error(), "does not exist on this node") {
		t.Errorf("a missing file gives %v", err)
	}
}
