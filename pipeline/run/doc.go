// Package run is one apply of a plan: its folder, its journal, the submission
// of its jobs, and the truth about them afterwards.
//
// The truth rests, in this order, on the record that a job wrote, on one
// question to the scheduler about all jobs, and on the accounting. A question
// that fails says nothing about any job.
package run
