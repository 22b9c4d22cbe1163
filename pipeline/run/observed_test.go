package run

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What another runpipe has noted is not written over, as little as it is believed;
// what is damaged is.
func TestNotesOfAnotherRunpipe(t *testing.T) {
	for content, kept := range map[string]bool{
		`{"version": 99, "jobs": {"7": {"ended": {"State": "FAILED"}}}}`: true,
		`{"version": 1, "jobs": {"7"`:                                    false,
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "observed.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		o := readObservations(dir)
		if len(o.Jobs) != 0 {
			t.Errorf("%s was believed", content)
		}
		o.see("7", nil, time.Now())
		if err := o.write(dir); err != nil {
			t.Fatal(err)
		}
		now, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if (string(now) == content) != kept {
			t.Errorf("%s became %s", content, now)
		}
	}
}
