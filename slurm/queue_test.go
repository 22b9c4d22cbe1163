package slurm

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// squeueSays is a line as squeue prints it; the releases differ in the exit code.
func squeueSays(fields ...string) string { return strings.Join(fields, fieldEnd) + jobEnd + "\n" }

func TestParseQueue(t *testing.T) {
	got, err := parseQueue(
		squeueSays("12", "FAILED", "NonZeroExitCode", "gpu[01-02]", "1795449600", "1795449601", "1795449700", "1024", "2", "train.cnn", "runpipe:1") +
			squeueSays("13", "FAILED", "NonZeroExitCode", "gpu01", "1795449600", "1795449601", "1795449700", "4:0", "0", "train.cnn", "(null)") +
			squeueSays("14_[3,7-9%2]", "PENDING", "Dependency", "", "1795449600", "1795450000", "N/A", "0", "0", "name", "two\nlines"+fieldEnd+"more") +
			squeueSays("15", "RUNNING", "None", "gpu01", "1795449600", "1795449601", "1795459601", "0:0", "0", "n", "c") +
			squeueSays("16", "CANCELLED", "None", "", "1795449600", "1795449700", "1795449700", "0:15", "", "n", "c") +
			squeueSays("17", "NEW_STATE", "None", "", "2026-11-23T10:00:00", "N/A", "N/A", "", "", "n", "c"))
	if err != nil {
		t.Fatal(err)
	}
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	want := []QueuedJob{
		{ID: "12", Name: "train.cnn", Comment: "runpipe:1", State: "FAILED", Reason: "NonZeroExitCode", Node: "gpu[01-02]",
			Submit: at(1795449600), Start: at(1795449601), End: at(1795449700), Restarts: 2, Exit: &ExitCode{Code: 4}},
		{ID: "13", Name: "train.cnn", State: "FAILED", Reason: "NonZeroExitCode", Node: "gpu01",
			Submit: at(1795449600), Start: at(1795449601), End: at(1795449700), Exit: &ExitCode{Code: 4}},
		{ID: "14_[3,7-9%2]", Name: "name", Comment: "two\nlines\x1fmore", State: "PENDING", Reason: "Dependency", Submit: at(1795449600)},
		{ID: "15", Name: "n", Comment: "c", State: "RUNNING", Node: "gpu01", Submit: at(1795449600), Start: at(1795449601)},
		{ID: "16", Name: "n", Comment: "c", State: "CANCELLED", Submit: at(1795449600), End: at(1795449700)},
		{ID: "17", Name: "n", Comment: "c", State: "NEW_STATE", Submit: time.Date(2026, 11, 23, 10, 0, 0, 0, time.Local)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if jobs, err := parseQueue(""); err != nil || len(jobs) != 0 {
		t.Errorf("an empty queue: %v, %v", jobs, err)
	}
	if _, err := parseQueue("slurm_load_jobs: something else\n"); err == nil {
		t.Error("a line that is no job was read as one")
	}
}

func TestParseHistory(t *testing.T) {
	got, err := parseHistory(strings.Join([]string{"7_3", "CANCELLED by 1000", "None", "None assigned", "1795449600", "Unknown", "1795449700", "0:0", "12", "n", "a|b"}, fieldEnd) + "\n")
	want := []QueuedJob{{ID: "7_3", Name: "n", Comment: "a|b", State: "CANCELLED", Submit: time.Unix(1795449600, 0), End: time.Unix(1795449700, 0)}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

func TestParseExit(t *testing.T) {
	for in, want := range map[string]*ExitCode{
		"0": {}, "256": {Code: 1}, "1024": {Code: 4}, "9": {Signal: 9}, "137": {Signal: 9}, "0:0": {}, "4:0": {Code: 4}, "0:9": {Signal: 9}, " 1:0 ": {Code: 1},
		"": nil, "N/A": nil, "x:1": nil, "1:x": nil, "-1": nil,
	} {
		if diff := cmp.Diff(want, parseExit(in)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", in, diff)
		}
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"sbatch: error: Batch job submission failed: Invalid account\n":   "Batch job submission failed: Invalid account",
		"sbatch: error: a\nsbatch: fatal: b\n\n":                          "a; b",
		"allocation failure: Requested node configuration\n":              "allocation failure: Requested node configuration",
		"scancel: error: Kill job error on job id 7: Permission denied":   "Kill job error on job id 7: Permission denied",
		"slurm_load_jobs error: Unable to contact slurm controller (x)\n": "slurm_load_jobs error: Unable to contact slurm controller (x)",
	} {
		if lines, _ := words(in); strings.Join(lines, "; ") != want {
			t.Errorf("%q became %q", in, lines)
		}
	}
}
