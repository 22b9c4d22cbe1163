// Package check judges what a stage measured: it reads metrics files, finds
// numbers in logs, and evaluates the conditions of checks.
//
// It is used twice on the same numbers: inside the job that made them, and
// later when a changed bound is judged on stored metrics. It reads no file and
// runs nothing.
package check
