// Package local runs the jobs of one run on the machine at hand, with the
// promises of Slurm: the same scripts, the same states, several jobs at a time
// as far as CPUs, memory and GPUs allow.
//
// A run has one scheduler process (Serve), in a session of its own, so that it
// outlives the terminal. Submitters (Executor) speak to it through the run's
// folder, whose files say all that must survive a crash:
//
//	jobs/<id>.json     a submission, written once
//	jobs/<id>.release  its hold is lifted
//	jobs/<id>.cancel   it is to end
//	state.json         what became of the jobs; the scheduler alone writes it
//	scheduler.log      what the scheduler did
//
// and through a socket without a file, by which a submitter wakes the scheduler
// and hands over the environment of its jobs. That may hold secrets: it is kept
// in memory and written nowhere.
//
// Two runs share the machine's GPUs by locks (see gpuPool), but know nothing of
// each other's CPUs. There is one node, and nothing is ever requeued.
package local
