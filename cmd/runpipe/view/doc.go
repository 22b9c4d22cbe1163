// Package view is what runpipe shows: the plan, a run as it goes, a run's
// status, and the same things as JSON. Every view is drawn from a value, so
// that it can be tested without a run, a clock or a terminal.
//
// It is the only place that knows of colours, widths and escape sequences, and
// Live is the only one that moves a cursor. Nothing here decides anything.
package view
