// Package stages is what a pipeline is made of: the stage kinds. Each kind owns
// the schema of its block, the checks on what stands there, and its compilation
// to a slurm.Job with a Manifest beside it.
//
// A Stage is plain data: by the time one exists, every expression is evaluated.
// The package runs nothing itself; package supervise does that inside the job.
package stages
