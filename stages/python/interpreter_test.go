package python

import (
	"strings"
	"testing"
)

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		wanted, version string
		want            bool
	}{
		{"", "3.11.7", true}, {"3", "3.11.7", true}, {"3.11", "3.11.7", true}, {"3.11.7", "3.11.7", true},
		{"3.1", "3.11.7", false}, {"3.10", "3.11.7", false}, {"3.11.70", "3.11.7", false},
	} {
		if got := Matches(tt.wanted, tt.version); got != tt.want {
			t.Errorf("Matches(%q, %q) = %v", tt.wanted, tt.version, got)
		}
	}
}

func TestAMissingModuleSystemIsMadeUpForByPath(t *testing.T) {
	here, err := Find(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s := &resolution{Request: Request{Python: Minor(here.Version), Modules: []string{"no-such-module/1"}}, dir: t.TempDir()}
	found, _, err := s.moduleInterpreter(t.Context())
	if err != nil || found.Version != here.Version {
		t.Errorf("%+v, %v; want %+v", found, err, here)
	}
	s.Python = "3.99"
	if _, _, err := s.moduleInterpreter(t.Context()); err == nil || !strings.Contains(err.Error(), "python 3.99 is wanted") {
		t.Errorf("of a version that is not here: %v", err)
	}
	s.Python = ""
	if _, _, err := s.moduleInterpreter(t.Context()); err == nil || !strings.Contains(err.Error(), "no-such-module/1") {
		t.Errorf("without a version: %v", err)
	}
}
