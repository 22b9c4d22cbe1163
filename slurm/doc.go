// Package slurm is where a stage meets the scheduler: the batch job as a
// value, the one readable script it renders to, and the executors that run it.
//
// A Job knows nothing of pipelines. Client speaks to Slurm through its own
// commands (sbatch, squeue, sacct, scancel, scontrol); package local runs the
// same scripts on a machine without Slurm; package slurmtest starts a real
// private Slurm for tests.
//
// It never decides whether a stage succeeded: that is the record's word, which
// the job writes itself. It only reports what the scheduler says.
package slurm
