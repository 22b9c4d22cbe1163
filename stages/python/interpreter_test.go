package python

import "testing"

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
