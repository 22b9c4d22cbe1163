// Package compare holds runs against each other and against what is left of
// them: Verify reads a run's results again, Diff tells what two runs differ in,
// Judge says whether one run reproduces another.
//
// It rests on run.json and on the records, and asks no scheduler.
package compare
