package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/python/pythontest"
)

const projectFile = `[project]
name = "code"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["a>=1"]
[project.optional-dependencies]
gpu = ["b"]
[dependency-groups]
dev = ["absent-from-jobs"]
`

// withProject is a person whose repository is a uv project, locked from an index
// that nothing but its uv.lock names.
func withProject(t *testing.T) (*person, *pythontest.Index) {
	p, index := newPerson(t, nil), pythontest.NewIndex(t)
	for _, name := range []string{"a", "b", "absent-from-jobs"} {
		index.Add(name, pythontest.Wheel(strings.ReplaceAll(name, "-", "_"), "1.0"))
	}
	p.path(pythontest.UV(t))
	p.environ = append(p.environ, "PIP_FIND_LINKS=", "PIP_INDEX_URL=http://127.0.0.1:9/")
	p.write("code/pyproject.toml", projectFile)
	p.locksProject(index)
	p.repository("code", nil)
	p.write("p.hcl", `
clone "code" { repository = "code" }
environment "python" {
  source  = clone.code
  project = "."
  extras  = ["gpu"]
}
stage "use" {
  environment = environment.python
  script      = "python -c 'import a, b; print(a.__version__, b.__version__)'; ! python -c 'import absent_from_jobs' 2>/dev/null"
}
`)
	return p, index
}

// locksProject has uv lock the project, and leaves the index to it alone.
func (p *person) locksProject(index *pythontest.Index) {
	p.Helper()
	with := *p
	with.environ = append(slices.Clone(p.environ), "UV_DEFAULT_INDEX="+index.Plain())
	with.gets(0, "uv", "lock", "--quiet", "--project", "code", "--upgrade")
}

func TestAProjectOfUV(t *testing.T) {
	for _, tool := range []string{"uv", "pip"} {
		t.Run(tool, func(t *testing.T) {
			p, index := withProject(t)
			p.has(p.gets(0, "runpipe", "lock", "p.hcl").stdout, "+ environment.python  2 packages for python 3.")
			p.has(p.read("p.lock.hcl"), `"uv.lock" = "sha256:`)
			index.Add("a", pythontest.Wheel("a", "1.1"))
			if tool == "pip" { // uv is for locking only
				p.environ = append(p.environ, "PATH="+filepath.Join(p.dir, "../bin")+":"+os.Getenv("PATH"))
			}
			p.gets(0, "runpipe", "apply", "--locked", "p.hcl")
			p.has(p.logOf("stage.use"), "1.0 1.0")
			p.shellchecked()
		})
	}
}

func TestAnOlderLockThanItsProjectIsRefused(t *testing.T) {
	p, index := withProject(t)
	p.gets(0, "runpipe", "apply", "p.hcl")
	lock := p.read("p.lock.hcl")
	index.Add("a", pythontest.Wheel("a", "1.1"))
	p.write("code/pyproject.toml", strings.Replace(projectFile, "a>=1", "a>=1.1", 1))
	p.commit("code", "Want a newer a")
	r := p.gets(1, "runpipe", "lock", "--upgrade=clone.code", "p.hcl")
	p.has(r.stderr, "p.hcl:3:", "uv.lock is not what its pyproject.toml asks for any more: run uv lock")
	if p.read("p.lock.hcl") != lock {
		t.Error("the lock file has changed")
	}
	p.locksProject(index)
	p.commit("code", "Lock it")
	p.gets(0, "runpipe", "lock", "--upgrade=clone.code", "p.hcl")
	p.has(p.gets(0, "runpipe", "plan", "p.hcl").stdout, "packages changed: a 1.0 → 1.1")

	// Another list in uv.lock alone is noticed where it is frozen, too.
	p.write("code/uv.lock", p.read("code/uv.lock")+"\n")
	p.has(p.gets(1, "runpipe", "plan", "p.hcl").stderr, "Uncommitted changes", "uv.lock")
}

func TestAProjectBesideThePipeline(t *testing.T) {
	p, _ := withProject(t)
	text := strings.NewReplacer("clone \"code\" { repository = \"code\" }\n", "", "  source  = clone.code\n", "", `project = "."`, `project = "code"`)
	p.write("p.hcl", text.Replace(p.read("p.hcl")))
	p.gets(0, "runpipe", "lock", "p.hcl")
	p.gets(0, "runpipe", "plan", "--locked", "p.hcl")
	p.write("code/uv.lock", p.read("code/uv.lock")+"# changed\n")
	p.has(p.gets(5, "runpipe", "plan", "--locked", "p.hcl").stderr, "The packages of environment.python are not locked.")
	p.gets(0, "runpipe", "lock", "p.hcl")
	p.write("p.hcl", strings.Replace(p.read("p.hcl"), `["gpu"]`, `["gpus"]`, 1))
	p.has(p.gets(1, "runpipe", "validate", "p.hcl").stderr, `Did you mean "gpu"?`)
	p.environ = append(p.environ, "PATH="+filepath.Join(p.dir, "../bin")+":"+os.Getenv("PATH"))
	p.write("p.hcl", strings.Replace(p.read("p.hcl"), `["gpus"]`, `[]`, 1))
	p.has(p.gets(1, "runpipe", "lock", "p.hcl").stderr, "pip install uv")
}

// A project in a clone is read when that is there, and what its block gets wrong is shown
// where it is written all the same.
func TestWhatAProjectInACloneDoesNotHave(t *testing.T) {
	p, _ := withProject(t)
	p.write("p.hcl", strings.Replace(p.read("p.hcl"), `["gpu"]`, `["gpu", "gpus"]`, 1))
	for _, fetched := range []string{"not fetched", "fetched"} {
		said := p.gets(1, "runpipe", "lock", "p.hcl").stderr
		if p.has(said, "p.hcl:6:21", "Unknown extra", `Did you mean "gpu"?`); strings.Count(said, "error:") != 1 {
			t.Errorf("%s: said more than once:\n%s", fetched, said)
		}
	}
	p.write("code/pyproject.toml", strings.Replace(projectFile, `["b"]`, `["b @ http://127.0.0.1:9/${STOLEN}/b-1.0-py3-none-any.whl"]`, 1))
	p.commit("code", "Ask for a variable")
	p.has(p.gets(1, "runpipe", "lock", "--upgrade", "p.hcl").stderr, "p.hcl:5:13", "pyproject.toml: ", "would come to stand in the lock file")
}

func TestAProjectWithoutItsLock(t *testing.T) {
	p, _ := withProject(t)
	p.must(os.Remove(filepath.Join(p.dir, "code/uv.lock")))
	p.commit("code", "Forget the lock")
	p.has(p.gets(1, "runpipe", "plan", "p.hcl").stderr, "Project without uv.lock", `It is written by "uv lock"`)
	p.must(os.Remove(filepath.Join(p.dir, "code/pyproject.toml")))
	p.commit("code", "Forget the project")
	p.has(p.gets(1, "runpipe", "plan", "p.hcl").stderr, "No such path", `has no "pyproject.toml"`)
}
