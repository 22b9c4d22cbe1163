package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/runpipe/runpipe/slurm"
)

// Placement is where a stage's job will run and keep its things: all that
// compilation needs to know besides the stage itself. Paths are absolute.
type Placement struct {
	Run       string
	Pipeline  string // its name
	File      string // its file's base name, for comments
	Executor  string // "slurm" or "local"
	Runpipe   string // the binary that the job executes
	Version   string // of that binary
	Workspace string
	StageDir  string
	Attempt   int
	Replace   bool // run although the store has the key

	Keys       map[string]string                       // address → stage key, of all upstreams
	Pins       map[string]Clone                        // address → what it checks out, of all clones
	Conda      map[string]bool                         // addresses of the environments that are conda's
	Output     func(key, path string) string           // where an output is in the store
	Frozen     func(content string) string             // where a file beside the pipeline is kept, by File.Content
	Downloaded func(sha256 string) string              // where a downloaded file is kept
	Bare       func(repository string) (string, error) // the bare repository that a clone was fetched into
	Tools      Tools
	Packages   string   // where the packages of environments with prefetch are
	Network    []string // names of variables that tell how the network is reached, as far as they are set
}

// Compiled is a stage as it goes to the scheduler.
type Compiled struct {
	Job      slurm.Job
	Manifest Manifest
	JSON     []byte            // job.json
	Files    map[string][]byte // further files for the stage's folder, by slash-separated path
}

// Compile turns a stage into its job. Nothing of it depends on the time, on
// chance, or on the order of a map.
func Compile(s *Stage, at Placement) (*Compiled, error) {
	work, err := workOf(s, at)
	if err != nil {
		return nil, fmt.Errorf("compiling %s: %w", s.Address, err)
	}
	m := manifest(s, at, work)
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("compiling %s: %w", s.Address, err)
	}
	data = append(data, '\n')
	sum := sha256.Sum256(data)
	venv, prefix := activate(s, at)
	job := slurm.Job{
		Name:      s.Address.Path() + "/" + at.Pipeline,
		Comment:   Token(at.Run, s.Address, at.Attempt),
		Log:       filepath.Join(at.StageDir, "attempt-"+strconv.Itoa(at.Attempt), "log"),
		Dir:       at.StageDir,
		Requeue:   true, // a job starts over in a fresh working copy, so that running it twice is safe
		Resources: s.Resources,
		Site:      s.Site,
		About:     about(s, at),
		Supervisor: []string{
			at.Runpipe, "exec", "--sha256", hex.EncodeToString(sum[:]), filepath.Join(at.StageDir, "job.json"),
		},
		Modules:  s.Modules,
		Activate: venv,
		Conda:    prefix,
		Launcher: launcher(s, at),
		Command:  work.command,
		Script:   work.script,
	}
	return &Compiled{Job: job, Manifest: m, JSON: data, Files: work.files}, nil
}

// Token names one submission of one stage: it travels in the job's comment.
func Token(run string, a Address, attempt int) string {
	return fmt.Sprintf("runpipe:%s:%s:%d", run, a.Path(), attempt)
}

// work is what a kind's job runs, and what it leaves.
type work struct {
	command []string
	script  string
	files   map[string][]byte
	outputs map[string]string
	verify  *Verify
	passEnv []string
}

func workOf(s *Stage, at Placement) (work, error) {
	switch {
	case s.Clone != nil:
		return cloneWork(s, at)
	case s.Venv != nil && s.Venv.Conda:
		return condaWork(s, at)
	case s.Venv != nil:
		return venvWork(s, at)
	case s.Data != nil:
		return dataWork(s, at), nil
	}
	return work{command: s.Command, script: s.Script, outputs: s.Outputs, passEnv: s.PassEnv}, nil
}

func manifest(s *Stage, at Placement, w work) Manifest {
	m := Manifest{
		Version: ManifestVersion, Runpipe: at.Version,
		Run: at.Run, Pipeline: at.Pipeline, Executor: at.Executor, Workspace: at.Workspace,
		Address: s.Address.String(), Kind: s.Address.Kind, Key: s.Key,
		StageDir: at.StageDir, Attempt: at.Attempt, Replace: at.Replace,
		Dir: s.Dir, Modules: len(s.Modules) > 0, ModuleNames: s.Modules, Venv: s.Venv != nil,
		Env: commandEnv(s), PassEnv: passed(s, w), Determinism: s.Determinism, Seed: s.Seed, Launcher: string(launcher(s, at)),
		Tasks: s.Resources.Tasks(), GPUs: s.Resources.GPUs,
		Outputs: w.outputs, Metrics: s.Metrics, Metric: s.Metric, Checks: s.Checks,
		Pins: Pins(s, at.Pins), Dirty: s.Dirty, Command: w.command, Script: w.script, Verify: w.verify,
	}
	for _, address := range s.After {
		used := slices.Contains(s.Inputs, address)
		m.Upstreams = append(m.Upstreams, Upstream{Address: address, Key: at.Keys[address], Order: !used})
	}
	if s.Source != nil && s.Venv == nil {
		m.Source, m.SourceKey = s.Source.Path, at.Keys[s.Source.Stage]
	}
	for _, f := range s.Files {
		file := StageFile{To: f.To, From: f.From, Digest: f.Digest, Folder: f.Folder, Stage: f.Stage}
		if f.Stage == "" {
			file.From = at.Frozen(f.Content())
		}
		m.Files = append(m.Files, file)
	}
	return m
}

// passed lists the variables that reach the job by name only, sorted.
func passed(s *Stage, w work) []string {
	names := append([]string(nil), w.passEnv...)
	for name := range s.Secrets {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// launcher is srun only where there is one.
func launcher(s *Stage, at Placement) slurm.Launcher {
	if at.Executor != "slurm" || s.Launcher == "" {
		return slurm.LaunchNone
	}
	return s.Launcher
}

// activate is where the stage's environment is: a virtual environment, or one of
// conda's.
func activate(s *Stage, at Placement) (venv, prefix string) {
	if s.Environment == "" {
		return "", ""
	}
	place := at.Output(at.Keys[s.Environment], venvOutput)
	if at.Conda[s.Environment] {
		return "", place
	}
	return place, ""
}

// Pins is what the stage's own code is pinned to, for the screen and the record:
// the address of each clone it uses, with its commit.
func Pins(s *Stage, clones map[string]Clone) map[string]string {
	pins := map[string]string{}
	for _, address := range append([]string{s.Address.String()}, s.Inputs...) {
		if c, ok := clones[address]; ok {
			pins[address] = c.Pin.Commit
		}
	}
	return pins
}

// about is the comment at the head of a script: which stage of what this is.
func about(s *Stage, at Placement) []string {
	line := fmt.Sprintf("Stage %s of %s", s.Address, at.File)
	code := s.Address.String()
	if s.Source != nil {
		code = s.Source.Stage
	}
	if c, ok := at.Pins[code]; ok && c.Pin.Commit != "" {
		line += fmt.Sprintf(", code pinned to %s %.7s", repositoryName(c.Repository), c.Pin.Commit)
	}
	return []string{line + "."}
}

// repositoryName is the last element of a repository's address without .git.
func repositoryName(repository string) string {
	name := strings.TrimSuffix(strings.TrimRight(repository, "/"), ".git")
	if i := strings.LastIndexAny(name, "/:"); i >= 0 {
		name = name[i+1:]
	}
	if name == "" || strings.Trim(name, ".") == "" {
		return "this repository"
	}
	return name
}
