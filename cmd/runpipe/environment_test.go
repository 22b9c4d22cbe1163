package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages/python/pythontest"
)

// packagesPipeline prints the version of the package "a" that it runs with.
const packagesPipeline = `
variable "wanted" { default = "a>=1" }
environment "python" {
  packages = [var.wanted]
}
environment "other" {
  packages = ["b"]
}
stage "use" {
  environment = environment.python
  command     = ["python", "-c", "import a; print('a is', a.__version__)"]
}
`

// withPackages is a person with an index of their own, a and b in it, and uv,
// which makes an environment in a tenth of pip's time.
func withPackages(t *testing.T) (*person, *pythontest.Index) {
	p, index := newPerson(t, nil), pythontest.NewIndex(t)
	index.Add("a", pythontest.Wheel("a", "1.0"))
	index.Add("b", pythontest.Wheel("b", "1.0"))
	p.usesIndex(index)
	p.path(pythontest.UV(t))
	p.write("p.hcl", packagesPipeline)
	return p, index
}

// usesIndex makes an index the one that pip and uv ask.
func (p *person) usesIndex(index *pythontest.Index) {
	p.environ = append(p.environ, "PIP_INDEX_URL="+index.Address(), "UV_DEFAULT_INDEX="+index.Address())
}

// record is what the store has of a stage.
func (p *person) record(key string) *record.Record {
	p.Helper()
	r, err := record.Read(filepath.Join(p.dir, ".runpipe", "store", key))
	p.must(err)
	return r
}

// path puts a folder in front of the person's PATH.
func (p *person) path(dir string) {
	for i := len(p.environ) - 1; i >= 0; i-- {
		if path, ok := strings.CutPrefix(p.environ[i], "PATH="); ok {
			p.environ = append(p.environ, "PATH="+dir+":"+path)
			return
		}
	}
}

func TestPackagesStayAsTheyWereLocked(t *testing.T) {
	p, index := withPackages(t)
	p.has(p.gets(0, "runpipe", "apply", "p.hcl").stdout, "+ environment.python  1 package for python 3.")
	_, stages := p.status("")
	p.has(p.read(stages["stage.use"].Log), "a is 1.0")
	key := stages["environment.python"].Key
	if r := p.record(key); r.Installed == nil || !strings.HasPrefix(r.Interpreter.Version, "3.") || !filepath.IsAbs(r.Interpreter.Path) ||
		len(r.Packages) != 1 || r.Packages[0] != (record.Package{Name: "a", Version: "1.0"}) {
		t.Errorf("installed is %+v", r.Installed)
	}

	// The index moves on; nobody asks it.
	index.Add("a", pythontest.Wheel("a", "1.1"))
	index.Add("b", pythontest.Wheel("b", "1.1"))
	index.Requests()
	p.gets(0, "runpipe", "apply", "--locked", "p.hcl")
	p.gets(0, "runpipe", "plan", "p.hcl")
	if asked := index.Requests(); len(asked) > 0 {
		t.Errorf("the index was asked for %v", asked)
	}

	// Nor does another index, in an empty workspace, change anything.
	elsewhere := pythontest.NewIndex(t)
	for _, version := range []string{"1.0", "1.2"} {
		elsewhere.Add("a", pythontest.Wheel("a", version))
		elsewhere.Add("b", pythontest.Wheel("b", version))
	}
	p.usesIndex(elsewhere)
	p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe")))
	p.gets(0, "runpipe", "apply", "--locked", "p.hcl")
	_, stages = p.status("")
	p.has(p.read(stages["stage.use"].Log), "a is 1.0")
	if again := stages["environment.python"].Key; again != key {
		t.Errorf("the same packages have the keys %s and %s", key, again)
	}

	// One environment moves, the other does not.
	r := p.gets(0, "runpipe", "lock", "--upgrade=environment.python", "p.hcl")
	p.has(r.stdout, "~ environment.python  a 1.0 → 1.2")
	if strings.Contains(r.stdout, "other") {
		t.Errorf("another environment moved:\n%s", r.stdout)
	}
	p.has(p.gets(0, "runpipe", "plan", "p.hcl").stdout, "packages changed: a 1.0 → 1.2")
	p.has(p.gets(1, "runpipe", "lock", "--upgrade=environment.pyton", "p.hcl").stderr, `Did you mean "environment.python"?`)
}

func TestVariantsAreLockedSideBySide(t *testing.T) {
	p, index := withPackages(t)
	index.Add("a", pythontest.Wheel("a", "2.0"))
	p.gets(0, "runpipe", "lock", "p.hcl")
	p.has(p.gets(5, "runpipe", "plan", "--locked", "--var", "wanted=a<2", "p.hcl").stderr, "The packages of environment.python are not locked.")
	p.gets(0, "runpipe", "lock", "--var", "wanted=a<2", "p.hcl")
	both := p.read("p.lock.hcl")
	p.has(both, `version = "1.0"`, `version = "2.0"`)
	index.Requests()
	p.has(p.gets(0, "runpipe", "lock", "p.hcl").stdout, "p.lock.hcl is up to date.")
	p.gets(0, "runpipe", "plan", "--locked", "--var", "wanted=a<2", "p.hcl")
	if asked := index.Requests(); len(asked) > 0 || p.read("p.lock.hcl") != both {
		t.Errorf("the index was asked for %v, or the lock file has changed", asked)
	}
	p.has(p.gets(5, "runpipe", "lock", "--locked", "--upgrade", "p.hcl").stderr, "were to be locked anew")
}

func TestOtherFilesThanTheLockedOnesAreNotInstalled(t *testing.T) {
	for _, tool := range []string{"uv", "pip"} {
		t.Run(tool, func(t *testing.T) {
			p, index := withPackages(t)
			if tool == "pip" {
				p.environ = append(p.environ, "PATH="+filepath.Join(p.dir, "../bin")+":"+os.Getenv("PATH"))
			}
			p.gets(0, "runpipe", "lock", "p.hcl")
			index.Add("a", pythontest.Wheel("a", "1.0", "b")) // the same version, another file
			p.gets(3, "runpipe", "apply", "p.hcl")
			_, stages := p.status("")
			if state := stages["environment.python"].State; state != "failed" {
				t.Errorf("environment.python %s", state)
			}
			p.has(strings.ToLower(p.read(stages["environment.python"].Log)), "hash", "a==1.0")
			envs, _ := filepath.Glob(filepath.Join(p.dir, ".runpipe/envs/*"))
			if len(envs) > 1 { // that of b
				t.Errorf("a half-built environment is left: %v", envs)
			}
		})
	}
}

func TestAnUnsolvableListOfPackages(t *testing.T) {
	p, _ := withPackages(t)
	r := p.gets(1, "runpipe", "apply", "--var", "wanted=a==7", "p.hcl")
	p.has(r.stderr, "Packages cannot be locked", "p.hcl:3", "a==7")
	if _, err := os.Stat(filepath.Join(p.dir, "p.lock.hcl")); err == nil {
		t.Error("a lock file was written")
	}
}
