// Package plan decides what an apply would do: which stages run, which are
// reused from the store, and why; and compiles those that run.
//
// It changes nothing but the workspace's frozen files, and asks no scheduler.
package plan
