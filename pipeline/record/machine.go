package record

// Machine is where a job ran, as far as it can bear on a result or explain one.
// What could not be read is null.
type Machine struct {
	Nodes     *string `json:"nodes"`     // of the whole job, as Slurm writes a list of hosts
	Partition *string `json:"partition"` // Slurm's
	Arch      *string `json:"arch"`      // as uname -m
	CPU       *string `json:"cpu"`       // model
	CPUs      *int    `json:"cpus"`      // that the job may use on its first node
	Memory    *int64  `json:"memory"`    // bytes, of the whole machine
	Kernel    *string `json:"kernel"`    // release, as uname -r
	Libc      *string `json:"libc"`      // version of the GNU C library
	CUDA      *string `json:"cuda"`      // newest version that the driver bears; read only where GPUs were promised
}

// Usage is what a command used, with all processes that it started and waited
// for. Of a command that srun started on other nodes it is null.
type Usage struct {
	CPU        *float64 `json:"cpu_seconds"` // user and system time, of all CPUs
	PeakMemory *int64   `json:"peak_memory"` // bytes, of the largest process, or of the job's control group
}

// Input is one thing that a stage started from: an output of another stage, or a
// file beside the pipeline.
type Input struct {
	Stage  string `json:"stage,omitempty"`  // address of the stage that made it, with
	Key    string `json:"key,omitempty"`    // its key, and
	Output string `json:"output,omitempty"` // the name of the output; or
	File   string `json:"file,omitempty"`   // where it was laid into the working copy
	Digest string `json:"digest"`
	Size   int64  `json:"size,omitempty"` // bytes
}
