// Package gc frees what no kept run needs: entries of the store, environments,
// frozen files, downloads, copies of runpipe, and runs that are not to be kept.
//
// It is safe beside an apply that is about to reuse what it frees. Everything is
// renamed out of sight first; then the runs are listed again, and what a run that
// has come up meanwhile needs is put back. An apply, in turn, writes its run.json
// first and then looks whether all that it reuses is still there (see package
// run): whichever of the two comes second sees the other. No lock is needed,
// which on a shared file system could not be trusted.
package gc
