package stages

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/stages/conda"
	"github.com/runpipe/runpipe/stages/python"
)

// environmentKind loads modules and builds a virtual environment, or one of conda's.
type environmentKind struct{}

func (environmentKind) Name() string { return "environment" }

func (environmentKind) Spec() hcldec.ObjectSpec {
	return arguments("modules", "python", "source", "requirements", "packages", "project", "extras", "groups", "install", "platform", "index", "extra_index", "prefetch", "conda", "pass_env")
}

func (environmentKind) Decode(b *Block, s *Stage) {
	s.Venv = &Venv{}
	s.Modules = b.modules()
	s.Venv.Python = b.pythonVersion()
	s.Venv.Platform = b.platform()
	b.indexes(s)
	s.Venv.Prefetch = b.flag(b.Group.get("prefetch"))
	s.Venv.Source = b.tree(b.Group.get("source"))
	passed := b.addressVariables()
	s.Venv.misfits = b.misfits(s.Venv, passed)
	if list := b.Group.get("conda"); list != nil {
		b.conda(list, s.Venv)
		b.fitAtHand(s.Venv, passed)
		b.findLock(s.Venv)
		return
	}
	packages, requirements, project := b.Group.get("packages"), b.Group.get("requirements"), b.Group.get("project")
	if packages != nil && requirements != nil {
		b.fault(requirements, nil, "Two lists of packages", "packages and requirements exclude each other: put the packages into the file.")
		return
	}
	if project != nil && (packages != nil || requirements != nil) {
		b.fault(project, nil, "Two lists of packages", "A project has its packages in its uv.lock, and excludes packages and requirements: put them into its pyproject.toml (uv add).")
		return
	}
	if b.early(packages) {
		s.Venv.Packages = b.packages(packages)
	}
	s.Venv.Requirements = b.requirements(requirements, s.Venv)
	if r := b.project(s.Venv); project != nil {
		s.Venv.Requirements = r
	}
	b.fitAtHand(s.Venv, passed)
	if source := b.Group.get("source"); source != nil && requirements == nil && project == nil {
		b.fault(source, nil, "Source without requirements", "source is where the path of requirements (or project, or conda) starts, and none are given.%s", sourceHint(b.Group.get("install")))
	}
	s.Layer = b.layer()
	b.findLock(s.Venv)
	b.findBuilds(s)
}

// findLock looks up the exact packages, once pins are known.
func (b *Block) findLock(v *Venv) {
	if b.Facts == nil || !v.Installs() || b.diags.HasErrors() {
		return
	}
	lock, ok := b.Facts.Packages(v.Asked())
	if !ok {
		b.faultAt("Environment without a lock", "The packages of %s are not locked: run runpipe lock.", b.Address)
	}
	if ok && (lock.Manager == python.Conda) != v.Conda {
		b.faultAt("Damaged lock file", "What is locked for %s is not of the kind that it asks for: take the lock file from your repository again, or delete its block there and run runpipe lock.", b.Address)
	}
	v.Lock = lock
}

// early refuses a value that only a stage gives: what an environment installs is
// locked before any stage runs.
func (b *Block) early(a *Argument) bool {
	if a == nil {
		return false
	}
	refers := fromStage(a.Value)
	for _, t := range a.Expr.Variables() {
		refers = refers || KindOf(t.RootName()) != nil
	}
	if refers {
		b.fault(a, nil, "Reference to a stage", "What an environment installs is locked before any stage runs: %s may use var and local only.", a.Name)
	}
	return !refers
}

func (environmentKind) Attributes(_ *Stage, output func(string) cty.Value) map[string]cty.Value {
	return map[string]cty.Value{"path": output(venvOutput)}
}

func (b *Block) modules() []string {
	a := b.Group.get("modules")
	if !b.early(a) {
		return nil
	}
	elements, _ := b.list(a, `["python/3.10"]`)
	var modules []string
	for _, e := range elements {
		if isNull(e.value) {
			continue
		}
		text, ok := b.text(a.of(e))
		if !ok {
			continue
		}
		if strings.HasPrefix(text, "-") || strings.ContainsAny(text, " \t") {
			b.fault(a, e.expr, unsuitable, "%q is not one module's name, such as \"python/3.10\".", text)
			continue
		}
		modules = append(modules, text)
	}
	return modules
}

var pythonVersion = regexp.MustCompile(`^\d+(\.\d+){0,2}$`)

func (b *Block) pythonVersion() string {
	a := b.Group.get("python")
	if !b.early(a) {
		return ""
	}
	version, ok := b.quoted(a, "as a number 3.10 is 3.1.")
	if ok && !pythonVersion.MatchString(version) {
		b.fault(a, nil, unsuitable, "A version of Python is written as \"3\", \"3.10\" or \"3.10.4\".")
		return ""
	}
	return version
}

// requirements reads the requirements file, which while a pipeline is only
// checked is possible for a file beside it.
func (b *Block) requirements(a *Argument, v *Venv) *Requirements {
	name, ok := b.text(a)
	if !ok {
		if a != nil && fromStage(a.Value) && !a.Value.IsKnown() {
			b.fault(a, nil, "Reference to a stage", "%s is read before any stage runs: it may use var and local only.", a.Name)
		}
		return nil
	}
	switch path.Base(name) {
	case projectLock, pyprojectFile:
		b.fault(a, nil, unsuitable, "%s is no requirements file: for a uv project write project = %q.", path.Base(name), path.Dir(name))
		return nil
	}
	return b.read(a, name, v)
}

// read reads a file of requirements, of whatever form: see ReadPinned.
func (b *Block) read(a *Argument, name string, v *Venv) *Requirements {
	source := v.Source
	v.Asks = a.Expr.Range()
	var r *Requirements
	var err error
	switch {
	case b.Group.get("source") == nil:
		r, err = ReadPinned(b.open, name)
	case source == nil:
		return nil // source has a fault of its own
	case b.Facts == nil:
		clean, err := insidePath(name)
		if err != nil {
			b.fault(a, nil, "Invalid path", "%q %s.", name, err)
			return nil
		}
		return &Requirements{Path: clean}
	default:
		clone, parseErr := ParseAddress(source.Stage)
		if parseErr == nil {
			r, err = b.Facts.Requirements(clone, name)
		}
	}
	if err != nil {
		b.requirementsFault(a, name, err)
		return nil
	}
	return r
}

func (b *Block) requirementsFault(a *Argument, name string, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		hint := ""
		if hint = projectHint(name, err); hint == "" && b.Group.get("source") == nil {
			hint = " The path starts at the pipeline file; source = clone.x makes it start in a checkout."
		}
		if a.Name == "conda" {
			hint += " conda = … names an explicit list: " + conda.Advice + "."
		}
		b.fault(a, nil, "Missing file", "%s.%s", trimPath(err), hint)
		return
	}
	summary := "Unsuitable " + a.Name
	if a.Name == "conda" {
		summary = "Unsuitable conda list"
	}
	b.fault(a, nil, summary, "%s.", err)
}

// trimPath says of a missing file only which it is.
func trimPath(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Path + " does not exist"
	}
	return err.Error()
}

// maxRequirements is the largest requirements file that is read, in bytes.
const maxRequirements = 4 << 20

// open reads a small regular file beside the pipeline.
func (b *Block) open(name string) ([]byte, error) {
	file := filepath.Join(b.Dir, filepath.FromSlash(name))
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist): // named as it was written
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > maxRequirements:
		return nil, errors.New("it is larger than 4M, and so no list of packages")
	}
	return os.ReadFile(file)
}
