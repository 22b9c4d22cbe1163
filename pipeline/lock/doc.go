// Package lock is the file NAME.lock.hcl beside a pipeline: what was asked for
// and what it was pinned to, keyed by what was asked, so that two variants of a
// pipeline keep their pins side by side. Its owner commits it.
//
// With the file alone, and no repository at hand, a pipeline can be planned:
// commits, digests of paths and digests of requirements files all stand in it.
// Update is the only operation that adds to it or changes it, and it never asks
// the network about what is pinned already.
package lock
