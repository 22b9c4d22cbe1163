package supervise

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/pipeline/record"
)

func TestWhatIsInstalledIsRecorded(t *testing.T) {
	s, _ := newEnvironment(t, `echo '{"interpreter": {"path": "/usr/bin/python3.11", "version": "3.11.7", "implementation": "CPython"},
		"packages": [{"name": "torch", "version": "2.6.0+cu124"}], "facts": {"torch.version.cuda": "12.4"}}' >"$RUNPIPE_VENV/installed.json"`)
	s.run().want(t, 0, record.Succeeded)
	stored, err := record.Read(s.workspace.Finished(s.manifest.Key))
	if err != nil {
		t.Fatal(err)
	}
	want := &record.Installed{
		Interpreter: record.Interpreter{Path: "/usr/bin/python3.11", Version: "3.11.7", Implementation: "CPython"},
		Packages:    []record.Package{{Name: "torch", Version: "2.6.0+cu124"}},
		Facts:       map[string]string{"torch.version.cuda": "12.4"},
	}
	if diff := cmp.Diff(want, stored.Installed); diff != "" {
		t.Errorf("what is recorded (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeReadIsNotRecorded(t *testing.T) {
	s, _ := newEnvironment(t, `echo '{"packages": ' >"$RUNPIPE_VENV/installed.json"`)
	s.run().want(t, 0, record.Succeeded)
	stored, err := record.Read(s.workspace.Finished(s.manifest.Key))
	if err != nil || stored.Installed != nil {
		t.Errorf("recorded %+v, %v", stored.Installed, err)
	}
}
