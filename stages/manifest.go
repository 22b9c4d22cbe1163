package stages

// Manifest is job.json: what the supervisor is to do in one job, frozen when
// the job is submitted. job.sh names its sha256, so that neither can be changed
// without the other. Paths are absolute unless a comment says otherwise.
type Manifest struct {
	Version  int    `json:"version"` // ManifestVersion
	Run      string `json:"run"`
	Pipeline string `json:"pipeline"`
	Address  string `json:"address"`
	Kind     string `json:"kind"`
	Key      string `json:"key"`
	Executor string `json:"executor"` // "slurm" or "local"

	Workspace string `json:"workspace"` // the .runpipe folder
	StageDir  string `json:"stage_dir"` // runs/<run>/stages/<address>, where job.sh and this file stand
	Attempt   int    `json:"attempt"`   // number of the submission, from 1: attempt-<n> in StageDir holds its log and record

	Upstreams []Upstream `json:"upstreams"` // must have succeeded when the job starts

	Source    string      `json:"source,omitempty"`     // folder that the working copy is copied from
	SourceKey string      `json:"source_key,omitempty"` // key of the clone that made it
	Dir       string      `json:"dir,omitempty"`        // in the copy, slash-separated
	Files     []StageFile `json:"files,omitempty"`

	Modules bool `json:"modules,omitempty"` // the script loads modules: give it the site's profile
	// ModuleNames says which, for messages.
	ModuleNames []string `json:"module_names,omitempty"`
	Venv        bool     `json:"venv,omitempty"` // the stage builds a virtual environment: see supervise
	// Installed is a file of the working copy that tells what an environment's
	// layer has installed, or "".
	Installed   string            `json:"installed,omitempty"`
	Env         map[string]string `json:"env,omitempty"`
	PassEnv     []string          `json:"pass_env,omitempty"` // arrive as EnvPrefix+name; secrets are among them
	Determinism Determinism       `json:"determinism,omitempty"`
	Seed        *int64            `json:"seed,omitempty"`
	Launcher    string            `json:"launcher"`
	Tasks       int               `json:"tasks"`          // that the launcher starts; each leaves a record if more than one
	GPUs        int               `json:"gpus,omitempty"` // promised per node

	Outputs map[string]string `json:"outputs,omitempty"` // name → path relative to where the command starts
	Metrics string            `json:"metrics,omitempty"`
	Metric  []Metric          `json:"metric,omitempty"`
	Checks  []Check           `json:"checks,omitempty"`
	Pins    map[string]string `json:"pins,omitempty"`  // for the record: what of the stage was pinned to what
	Dirty   bool              `json:"dirty,omitempty"` // see Stage
	Command []string          `json:"command,omitempty"`
	Script  string            `json:"script,omitempty"`
	Verify  *Verify           `json:"verify,omitempty"`
	Replace bool              `json:"replace,omitempty"` // run although the store has the key, and publish in its place
	Runpipe string            `json:"runpipe"`           // version of the program that wrote this
}

// ManifestVersion is the version of job.json that this program writes and reads.
const ManifestVersion = 1

// EnvPrefix stands before the names under which pass_env variables and secrets
// travel with a submission, so that none of them can change how sbatch or the
// supervisor behave.
const EnvPrefix = "RUNPIPE_ENV_"

// Upstream is a stage whose record must say "succeeded" before the job runs.
type Upstream struct {
	Address string `json:"address"`
	Key     string `json:"key"`
	Order   bool   `json:"order,omitempty"` // it only comes first: nothing that it made is used
}

// StageFile is laid into the working copy before the command runs.
type StageFile struct {
	To     string `json:"to"`   // relative to Dir, slash-separated
	From   string `json:"from"` // in the workspace's files or its store
	Digest string `json:"digest,omitempty"`
	Folder bool   `json:"folder,omitempty"`
	Stage  string `json:"stage,omitempty"`
}

// Verify is what a clone stage checks its output against.
type Verify struct {
	Output     string   `json:"output"`     // name of the output
	Repository string   `json:"repository"` // bare, in the workspace
	Commit     string   `json:"commit"`
	Digest     string   `json:"digest"`
	Paths      []string `json:"paths,omitempty"`
	LFS        bool     `json:"lfs,omitempty"` // what Git LFS keeps is there, and not its pointers
}
