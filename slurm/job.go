package slurm

import "time"

// Launcher is the program put in front of a job's command to start its tasks.
type Launcher string

// The launchers there are. LaunchNone runs the command as a child of the batch
// shell; LaunchSrun starts it as a Slurm job step, once per task.
const (
	LaunchNone Launcher = "none"
	LaunchSrun Launcher = "srun"
)

// Resources is what a job asks of each node it runs on. The zero value of a
// field asks for nothing: no directive is written and the site's default holds.
type Resources struct {
	GPUs         int           `json:"gpus,omitempty"`           // per node
	GPUType      string        `json:"gpu_type,omitempty"`       // as in --gres=gpu:<type>:<n>
	CPUs         int           `json:"cpus,omitempty"`           // per node; divided among the node's tasks
	Memory       int64         `json:"memory,omitempty"`         // per node, in bytes
	Time         time.Duration `json:"time,omitempty"`           // wall-clock limit
	Nodes        int           `json:"nodes,omitempty"`          // number of nodes
	TasksPerNode int           `json:"tasks_per_node,omitempty"` // tasks that srun starts on each node
}

// Tasks is the number of tasks of the whole job, at least 1.
func (r Resources) Tasks() int {
	return max(r.Nodes, 1) * max(r.TasksPerNode, 1)
}

// Site holds the scheduler's own words: where and under whose account a job
// runs. It never changes what a job computes.
type Site struct {
	Partition   string   `json:"partition,omitempty"`
	Account     string   `json:"account,omitempty"`
	QOS         string   `json:"qos,omitempty"`
	Constraint  string   `json:"constraint,omitempty"`
	Reservation string   `json:"reservation,omitempty"`
	NodeList    string   `json:"nodelist,omitempty"`
	Exclude     string   `json:"exclude,omitempty"`
	Exclusive   bool     `json:"exclusive,omitempty"`
	Nice        *int     `json:"nice,omitempty"`
	Options     []string `json:"options,omitempty"` // further sbatch options, each "--name" or "--name=value"
}

// Job is one batch job, before it is rendered. All paths are absolute.
//
// The rendered script starts with its #SBATCH lines, replaces itself by the
// Supervisor (which runs the same script again with RUNPIPE_STAGE set), and then
// loads Modules, activates Activate or Conda, and runs Command or Script.
type Job struct {
	Name    string // --job-name; begins with the stage's address, since squeue shows eight characters
	Comment string // --comment: the token by which a submission is found again
	Log     string // --output, for stdout and stderr, opened for appending
	Dir     string // --chdir
	Requeue bool   // --requeue, else --no-requeue

	Resources Resources
	Site      Site

	About      []string // comment lines under the directives
	Supervisor []string // argv that becomes the batch process; its first element is the runpipe binary

	Modules  []string // environment modules, loaded in this order
	Activate string   // root of a virtual environment, or ""
	Conda    string   // root of an environment of conda's, or ""
	Exports  []Export // variables set in the script itself, in order
	Launcher Launcher
	Command  []string // argv, run without a shell; or
	Script   string   // text run under bash -euo pipefail
}

// Export is one variable that a job's script sets for all that follows it.
type Export struct{ Name, Value string }
