// Package supervise is what runs inside a job. job.sh replaces itself by
// `runpipe exec`, which is Exec: it checks that what it finds is what was
// submitted, prepares a private working copy and a clean environment, runs the
// same script again, collects its outputs and metrics into the store, and
// leaves a record. `runpipe task` (Task) notes how one rank of a multi-task
// srun ended; `runpipe checkout` (Checkout) is what a clone stage's script runs.
//
// The supervisor is the batch process itself, not a child of the batch shell: a
// child is killed about a second after the shell dies of a SIGTERM, and with
// proctrack/cgroup it is never signalled at all.
//
// It knows nothing of pipelines, plans or queues: job.json is all that it is
// told, and the record is all that it tells.
package supervise
