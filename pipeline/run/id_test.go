package run

import (
	"regexp"
	"sort"
	"testing"
	"time"
)

// The newest run is the one whose id sorts last, within a second too.
func TestIDsSortByTime(t *testing.T) {
	var ids []string
	for i := range 400 {
		ids = append(ids, NewID(noon.Add(time.Duration(i)*7*time.Millisecond)))
	}
	if !sort.StringsAreSorted(ids) {
		t.Errorf("not in order: %v", ids)
	}
	if !regexp.MustCompile(`^20261123-120000-[2-9b-z]{4}$`).MatchString(ids[0]) {
		t.Errorf("%s has another form", ids[0])
	}
}
