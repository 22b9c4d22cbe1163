package stages

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

// Address names a stage within a pipeline, as in train.cnn or, for an instance
// of a repeated stage, train.cnn["lr=0.1"].
type Address struct {
	Kind string
	Name string
	Key  string // of the instance, or "" for a stage that is not repeated
}

// Stage is one evaluated stage: everything that its job needs, and no
// expression left but the conditions of its checks.
type Stage struct {
	Address Address
	Range   hcl.Range // of the block's header, for faults found later
	Key     string    // what it computes, see Key; "" while a pin is missing

	After  []string // addresses of all direct dependencies, sorted
	Inputs []string // those among After whose outputs the stage uses, sorted

	Source      *Tree  // the job starts in a private copy of this; nil: in an empty folder
	Dir         string // where in it the command starts, slash-separated; "" is its top
	Files       []File // put into the copy, sorted by To
	Environment string // address of the environment stage, or ""
	Base        string // address of what builds the packages below the environment's layer; "" if it has none
	Modules     []string

	Command  []string // argv; or
	Script   string
	Launcher slurm.Launcher // LaunchSrun stands for "on Slurm only"

	Env     map[string]string // plain values
	Secrets map[string]string // sensitive values: these travel by name and are written nowhere
	PassEnv []string          // names taken from the submitter's environment, sorted

	Determinism Determinism // "" is none
	Seed        *int64      // nil without determinism

	Outputs map[string]string // name → path relative to where the command starts
	Metrics string            // a JSON file the command writes, or a glob that matches one; or ""
	Metric  []Metric          // in the order of the file
	Checks  []Check

	Tolerances []Tolerance // of its metrics, for whoever reproduces it

	Resources slurm.Resources
	Site      slurm.Site

	// Dirty says that its code, or what it was made from, was not committed. It is
	// set by the plan, and not in the key: that holds the code itself.
	Dirty bool

	Clone *Clone // kind clone only
	Venv  *Venv  // kind environment only
	Layer *Layer // kind environment only: then Venv is another stage's, see TakeBase
	Data  *Data  // kind data only
}

// Tree is a checkout used by another stage: the output folder of a clone stage.
type Tree struct {
	Stage string // address of the clone
	Path  string // its absolute path in the store
}

// File is something laid into a stage's working copy before the command runs.
type File struct {
	To         string // slash-separated, relative to the working copy's Dir
	From       string // absolute path: beside the pipeline, or in the store
	Stage      string // address of the stage that makes it, or "" for a file beside the pipeline
	Digest     string // "sha256:<hex>" of a file (or of the listing of a folder) beside the pipeline; else ""
	Folder     bool   // a folder beside the pipeline
	Executable bool   // of a file beside the pipeline: its owner may execute it
}

// Content names what a file or folder beside the pipeline holds: its digest, and
// for a program that it is one.
func (f File) Content() string {
	if f.Executable {
		return f.Digest + "-x"
	}
	return f.Digest
}

// Metric reads one number from the stage's log, or from its metrics file.
type Metric struct {
	Name    string
	Pattern string // RE2, one group: the last match in the log counts; or
	Value   string // source of an HCL expression over `metrics`, the metrics file's content
}

// Check is a condition on metrics, judged in the job. The texts are HCL source.
type Check struct {
	Name      string
	Condition string // an expression of type bool
	Message   string // an expression of type string
	Warn      bool   // report only
	// Scope holds the values that the texts may use besides `metrics`, as typed
	// JSON (ctyjson.SimpleJSONValue): var, local, each, matrix.
	Scope []byte
	// Upstreams are the stages whose metrics the texts use, as <kind>.<name>.metrics.
	Upstreams []string
}

// Clone is what a clone stage checks out.
type Clone struct {
	Repository string   // as written, without credentials
	Ref        string   // as written; "" is the remote's default branch
	Paths      []string // only these; none: everything
	Pointers   bool     // of files in Git LFS only the pointers
	Pin        git.Pin  // zero before it is pinned
}

// Venv is what an environment stage builds.
type Venv struct {
	Python       string        // wanted version, a prefix such as "3.10"; "" is any
	Packages     []string      // requirement specifiers as written; or
	Requirements *Requirements // or a uv project; nil if Packages are given or nothing is to be installed
	Conda        bool          // Requirements is an explicit list of conda packages, and the environment is conda's
	Extras       []string      `json:",omitempty"` // of a uv project, sorted
	Groups       []string      `json:",omitempty"` // likewise: dependency groups
	Source       *Tree         // the clone that the requirements came from, or nil
	Platform     string        // of the nodes: "linux_x86_64"; "" is that of the submitting machine
	Index        string        // address of the package index, without credentials; "" is the installer's own
	ExtraIndex   []string      // of further ones, likewise
	Prefetch     bool          // packages are fetched where the pipeline is submitted
	Lock         *python.Lock  // the exact packages; nil before they are locked, or if nothing is to be installed

	// Asks is where the block names the file of Requirements; zero in a stage of an
	// earlier run.
	Asks hcl.Range `json:"-"`

	misfits func(*Requirements) hcl.Diagnostics // see Misfits; nil in a stage of an earlier run
}

// Requirements is a requirements file with all the files it includes, or what takes
// its place: see ReadPinned.
type Requirements struct {
	Path   string            // as written
	Digest string            // "sha256:<hex>" over Files
	Files  map[string][]byte // path → content, Path among them; nil when only the digest is known
}
