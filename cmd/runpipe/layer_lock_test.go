package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages/python/pythontest"
)

func versionsOf(packages []record.Package) map[string]string {
	all := map[string]string{}
	for _, p := range packages {
		all[p.Name] = p.Version
	}
	return all
}

// What checkouts are built with is locked like all else, and moves alone.
func TestWhatBuildsIsLocked(t *testing.T) {
	p, index := withLayers(t, nil)
	p.gets(0, "runpipe", "apply", "p.hcl")
	p.has(p.read("p.lock.hcl"), `package "tinybuild"`, `"pyproject.toml" = "sha256:`)
	index.Add("tinybuild", pythontest.Backend("1.1"))
	p.edits("two")
	p.gets(0, "runpipe", "apply", "--locked", "p.hcl")
	p.has(p.logOf("stage.use"), "code two, a 1.0 b forked built by 1.0")
	p.has(p.gets(0, "runpipe", "lock", "--upgrade=environment.python", "p.hcl").stdout, "~ environment.python  tinybuild 1.0 → 1.1, to build clone.code")
	p.has(p.gets(0, "runpipe", "plan", "p.hcl").stdout, "= "+base, "build changed: tinybuild 1.0 → 1.1")

	// A checkout that is built with something else.
	p.write("code/pyproject.toml", strings.Replace(p.read("code/pyproject.toml"), `"tinybuild"]`, `"tinybuild<1.1"]`, 1))
	p.edits("three")
	p.has(p.gets(0, "runpipe", "plan", "--locked", "p.hcl").stdout, "clone.code moved ")
	lock := p.read("p.lock.hcl")
	p.must(os.Remove(filepath.Join(p.dir, "p.lock.hcl")))
	p.gets(0, "runpipe", "lock", "p.hcl")
	p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe"))) // the plan of a fresh checkout
	p.gets(0, "runpipe", "plan", "--locked", "p.hcl")
	p.write("p.lock.hcl", lock[:strings.LastIndex(lock, "environment ")])
	p.has(p.gets(5, "runpipe", "plan", "--locked", "p.hcl").stderr, "The packages")
}

// Extensions are built against packages of the base: they are taken from there, as
// long as the checkout bears their versions.
func TestWhatBuildsAgreesWithTheBase(t *testing.T) {
	p, index := withLayers(t, nil)
	index.Add("a", pythontest.Wheel("a", "2.0"))
	requires := func(list string) {
		p.write("code/pyproject.toml", "[build-system]\nrequires = ["+list+"]\nbuild-backend = \"tinybuild\"\n")
		p.commit("code", "Build with "+list)
		p.gets(0, "runpipe", "lock", "--upgrade=clone.code", "--var", "wanted=a<2", "p.hcl")
		p.gets(0, "runpipe", "apply", "--locked", "--var", "wanted=a<2", "p.hcl")
	}
	p.gets(0, "runpipe", "lock", "--var", "wanted=a<2", "p.hcl")
	requires(`"tinybuild", "a"`)
	p.has(p.logOf("stage.use"), "a 1.0 b forked built by 1.0 with a 1.0")
	if log := p.logOf("environment.python"); strings.Contains(log, "a==") {
		t.Errorf("what is in the base was installed to build with:\n%s", log)
	}
	requires(`"tinybuild", "a>=2"`)
	p.has(p.logOf("stage.use"), "a 1.0 b forked built by 1.0 with a 2.0")
	p.has(p.logOf("environment.python"), "+ a==2.0")
}

func TestWhatCannotBeInstalled(t *testing.T) {
	p, _ := withLayers(t, nil)
	p.write("code/tiny.txt", "")
	p.commit("code", "An empty name")
	p.gets(3, "runpipe", "apply", "p.hcl")
	_, stages := p.status("")
	if stages["environment.python"].State != "failed" || stages[base].State != "succeeded" || stages["stage.use"].State != "skipped" {
		t.Errorf("the stages are %+v", stages)
	}
	for content, want := range map[string]string{
		"[tool.ruff]\n": "put the checkout on PYTHONPATH",
		"[build-system]\nrequires = [\"x @ git+https://example.org/x\"]\n": "no installer can check the hash",
		"[build-system]\nrequires = [\n":                                   "pyproject.toml:2",
	} {
		p.write("code/pyproject.toml", content)
		p.commit("code", "Change how it is built")
		p.has(p.gets(1, "runpipe", "lock", "--upgrade", "p.hcl").stderr, "p.hcl:3:", "clone.code", want)
	}
	p.write("code/pyproject.toml", "[build-system]\nrequires = [\"absent\"]\n")
	p.commit("code", "Ask for what is nowhere")
	p.has(p.gets(1, "runpipe", "lock", "--upgrade", "p.hcl").stderr, "the packages that clone.code is built with for environment.python", "environment.python, to build clone.code: uv found no packages that fit", "absent")
}

// Uncommitted code is laid over the same base, and marked.
func TestUncommittedCodeIsInstalledOnDemand(t *testing.T) {
	p, _ := withLayers(t, nil)
	p.gets(0, "runpipe", "apply", "p.hcl")
	lock := p.read("p.lock.hcl")
	p.write("code/code.py", codeOf("dirty"))
	p.has(p.gets(1, "runpipe", "apply", "p.hcl").stderr, "Uncommitted changes", "code.py")
	p.has(p.gets(0, "runpipe", "apply", "--allow-dirty", "p.hcl").stdout, "= "+base)
	p.has(p.logOf("stage.use"), "code dirty")
	_, stages := p.status("")
	if !p.record(stages["environment.python"].Key).Dirty || !p.record(stages["stage.use"].Key).Dirty || p.record(stages[base].Key).Dirty {
		t.Error("the marks are wrong")
	}
	if p.read("p.lock.hcl") != lock {
		t.Error("the lock file has changed")
	}
}

// Nothing of a layer needs a network that was fetched beforehand, nor does a
// password of its index stand anywhere.
func TestALayerFetchedBeforehand(t *testing.T) {
	for _, tool := range []string{"uv", "pip"} {
		t.Run(tool, func(t *testing.T) {
			p, index := withLayers(t, nil)
			if tool == "pip" {
				p.environ = append(p.environ, "PATH="+filepath.Join(p.dir, "../bin")+":"+os.Getenv("PATH"))
			}
			index.User, index.Password = "ada", "s3cr3t"
			p.environ = append(p.environ, "PIP_FIND_LINKS=", "RUNPIPE_VAR_token=s3cr3t", "PIP_INDEX_URL=http://127.0.0.1:9/", "UV_DEFAULT_INDEX=http://127.0.0.1:9/")
			p.write("p.hcl", "variable \"token\" { sensitive = true }\n"+strings.Replace(layersPipeline, "  install ",
				"  index = \"http://ada:${var.token}@"+strings.TrimPrefix(index.Plain(), "http://")+"\"\n  prefetch = true\n  install ", 1))
			first := p.gets(0, "runpipe", "apply", "p.hcl")
			index.Close()
			for _, dir := range []string{"store", "envs"} {
				p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe", dir)))
			}
			again := p.gets(0, "runpipe", "apply", "--locked", "p.hcl")
			p.has(p.logOf("stage.use"), "code one, a 1.0 b forked")
			p.shellchecked()
			p.unseen("s3cr3t", first, again)
		})
	}
}
