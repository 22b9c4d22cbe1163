package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/compare"
	"github.com/runpipe/runpipe/slurm/slurmtest"
	"github.com/runpipe/runpipe/stages/python/pythontest"
)

// layersPipeline runs a program that clone.code installs over the package "a" and
// over a fork of the package "b".
const layersPipeline = `
variable "wanted" { default = "a>=1" }
clone "code" { repository = "code" }
clone "fork" { repository = "fork" }
environment "python" {
  packages = [var.wanted, "b"]
  install  = [clone.fork, clone.code]
}
stage "use" {
  environment = environment.python
  command     = ["code"]
}
`

// base is the stage that builds what the checkouts are laid over.
const base = `environment.python["base"]`

// codeOf is the module of clone.code.
func codeOf(version string) string {
	return "import a, b, code_built, both\ndef main():\n    print('code " + version +
		", a', a.__version__, 'b', b.__version__, 'built by', code_built.backend, 'with a', code_built.a, 'top is', both.owner)\n"
}

// withLayers is a person with an index of their own, two repositories to install,
// and uv.
func withLayers(t *testing.T, cluster *slurmtest.Cluster) (*person, *pythontest.Index) {
	p, index := newPerson(t, cluster), pythontest.NewIndex(t)
	for _, name := range []string{"a", "b"} {
		index.Add(name, pythontest.Wheel(name, "1.0"))
	}
	index.Add("tinybuild", pythontest.Backend("1.0"))
	p.usesIndex(index)
	p.path(pythontest.UV(t))
	code, fork := pythontest.Buildable("code"), pythontest.Buildable("b")
	maps.Copy(code, map[string]string{"code.py": codeOf("one"), "both.py": "owner = 'code'\n"})
	maps.Copy(fork, map[string]string{"b.py": "__version__ = 'forked'\n", "both.py": "owner = 'fork'\n"})
	p.repository("code", code)
	p.repository("fork", fork)
	p.write("p.hcl", layersPipeline)
	return p, index
}

// edits commits another version of clone.code, and pins it.
func (p *person) edits(version string) {
	p.Helper()
	p.write("code/code.py", codeOf(version))
	p.commit("code", version)
	p.has(p.gets(0, "runpipe", "lock", "--upgrade=clone.code", "p.hcl").stdout, "~ clone.code")
}

// logOf is what a stage of the newest run has printed.
func (p *person) logOf(address string) string {
	p.Helper()
	_, stages := p.status("")
	return p.read(stages[address].Log)
}

func (p *person) environments() []string {
	p.Helper()
	found, err := filepath.Glob(filepath.Join(p.dir, ".runpipe/envs/*"))
	p.must(err)
	return found
}

func TestAnEditOfTheCodeLeavesTheBaseAsItIs(t *testing.T) {
	for _, tool := range []string{"uv", "pip"} {
		t.Run(tool, func(t *testing.T) {
			p, index := withLayers(t, nil)
			if tool == "pip" {
				p.environ = append(p.environ, "PATH="+filepath.Join(p.dir, "../bin")+":"+os.Getenv("PATH"))
			}
			r := p.gets(0, "runpipe", "apply", "p.hcl")
			p.has(r.stdout, "+ environment.python  2 packages for python", "1 package for python 3.", "to build clone.code")
			p.has(p.logOf("stage.use"), "code one, a 1.0 b forked built by 1.0 with a 1.0 top is fork")
			p.shellchecked()
			_, before := p.status("")
			built, envs := p.record(before[base].Key), p.environments()
			if len(envs) != 1 || !strings.Contains(p.read(before[base].Log), "a") {
				t.Fatalf("the environments are %v", envs)
			}

			p.edits("two")
			index.Requests()
			p.has(p.gets(0, "runpipe", "plan", "p.hcl").stdout, "= "+base, "clone.code moved ", "2 reused")
			p.gets(0, "runpipe", "apply", "p.hcl")
			p.has(p.logOf("stage.use"), "code two, a 1.0 b forked")
			_, after := p.status("")
			if after[base].Key != before[base].Key || after["environment.python"].Key == before["environment.python"].Key {
				t.Errorf("the keys were %+v and are %+v", before, after)
			}
			if now := p.record(after[base].Key); now.Run != built.Run || !slices.Equal(p.environments(), envs) {
				t.Errorf("the base was built again by %s; the environments are %v", now.Run, p.environments())
			}
			if asked := index.Requests(); slices.ContainsFunc(asked, func(path string) bool { return strings.HasPrefix(path, "/files/a/") }) {
				t.Errorf("the packages of the base were fetched again: %v", asked)
			}
			installed := p.record(after["environment.python"].Key)
			if got := versionsOf(installed.Packages); got["code"] != "1.0" || got["a"] != "1.0" || installed.Pins["clone.code"] == "" {
				t.Errorf("installed are %v, from %v", got, installed.Pins)
			}
			p.has(p.gets(0, "runpipe", "apply", "p.hcl").stdout, "0 to run, 5 reused")
		})
	}
}

// The base is that of any environment with these packages.
// What stands beside the pipeline is edited while jobs wait, and pinned by nothing.
func TestSettingsForUVInTheFoldersAboveAreNotTaken(t *testing.T) {
	p, _ := withLayers(t, nil)
	p.gets(0, "runpipe", "lock", "p.hcl")
	p.write("pyproject.toml", "[tool.uv]\nrequired-version = '>=99'\n")
	p.gets(0, "runpipe", "apply", "--locked", "p.hcl")
	p.has(p.logOf("stage.use"), "code one, a 1.0")
}

func TestEnvironmentsShareABase(t *testing.T) {
	p, _ := withLayers(t, nil)
	p.write("plain.hcl", "environment \"plain\" {\n  packages = [\"a>=1\", \"b\"]\n}\n")
	p.gets(0, "runpipe", "apply", "plain.hcl")
	envs := p.environments()
	p.gets(0, "runpipe", "apply", "--name", "one", "p.hcl")
	p.write("q.hcl", strings.Replace(layersPipeline, "[clone.fork, clone.code]", "[clone.code]", 1))
	p.gets(0, "runpipe", "apply", "--name", "two", "q.hcl")
	p.has(p.logOf("stage.use"), "code one, a 1.0 b 1.0")
	p.write("r.hcl", layersPipeline)
	p.has(p.gets(0, "runpipe", "apply", "r.hcl").stdout, "0 to run, 5 reused")
	p.has(p.gets(0, "runpipe", "plan", "--rerun", "environment.python", "r.hcl").stdout, "1 to run, 4 reused")
	if now := p.environments(); len(now) != 1 || !slices.Equal(now, envs) {
		t.Errorf("the environments are %v, and were %v", now, envs)
	}
	// What a block becomes is told in its terms.
	p.write("p.hcl", strings.Replace(layersPipeline, "[clone.fork, clone.code]", "[clone.code, clone.fork]", 1))
	p.has(p.gets(0, "runpipe", "apply", "p.hcl").stdout, "install changed: clone.fork, clone.code → clone.code, clone.fork")
	p.has(p.logOf("stage.use"), "top is code")
	p.write("plain.hcl", strings.ReplaceAll(layersPipeline, `"python"`, `"plain"`))
	p.write("plain.hcl", strings.ReplaceAll(p.read("plain.hcl"), "environment.python", "environment.plain"))
	p.has(p.gets(0, "runpipe", "plan", "plain.hcl").stdout, "= environment.plain ")
	p.write("plain.hcl", strings.Replace(p.read("plain.hcl"), "[clone.fork, clone.code]", "[clone.fork]", 1))
	p.has(p.gets(0, "runpipe", "plan", "plain.hcl").stdout, `= environment.plain["base"]`, "install added: clone.fork;")
}

func TestATamperedLayerOrBaseIsDrift(t *testing.T) {
	for what, attack := range map[string]struct{ file, address string }{
		"layer": {".runpipe/store/*/outputs/layer/code.py", "environment.python"},
		"base":  {".runpipe/envs/*/lib/python3*/site-packages/a.py", base},
	} {
		t.Run(what, func(t *testing.T) {
			p, _ := withLayers(t, nil)
			gate := filepath.Join(p.dir, "gate")
			p.write("p.hcl", strings.Replace(layersPipeline, "stage \"use\" {", `
stage "gate" {
  after  = [environment.python]
  script = "touch '`+gate+`.up'; until [ -e '`+gate+`' ]; do sleep 0.05; done"
}
stage "use" {
  after       = [stage.gate]`, 1))
			p.gets(0, "runpipe", "apply", "--detach", "p.hcl")
			await(p, "the gate", func() bool { return exists(gate + ".up") })
			found, err := filepath.Glob(filepath.Join(p.dir, attack.file))
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			p.must(os.WriteFile(found[0], []byte(p.read(found[0])+"\n"), 0o644))
			p.write("gate", "")
			p.gets(3, "runpipe", "watch")
			_, stages := p.status("")
			p.has(stages["stage.use"].Reason, attack.address+" is not what it was", filepath.Base(found[0])+" changed")
			if log := p.read(stages["stage.use"].Log); strings.Contains(log, "code one") {
				t.Errorf("the command ran:\n%s", log)
			}
			p.has(p.gets(4, "runpipe", "verify").stdout, attack.address, filepath.Base(found[0])+" changed")
			// The remedy that is named does it, and makes only what is damaged anew.
			p.gets(0, "runpipe", "apply", "--rerun", attack.address, "p.hcl")
			p.has(p.logOf("stage.use"), "code one")
		})
	}
}

// A kept run keeps its base; and it can be made again from what it has kept.
func TestALayerIsKeptWithItsBaseAndReproduced(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		with, _ := withLayers(t, p.cluster)
		p = with
		p.gets(0, "runpipe", "apply", "--name", "one", "p.hcl")
		p.edits("two")
		p.gets(0, "runpipe", "apply", "--name", "two", "p.hcl")
		p.gets(0, "runpipe", "gc", "--keep", "1", "--yes")
		p.gets(0, "runpipe", "verify", "two")
		if envs := p.environments(); len(envs) != 1 {
			t.Errorf("the environments are %v", envs)
		}
		p.must(os.Remove(filepath.Join(p.dir, "p.hcl")))
		p.must(os.RemoveAll(filepath.Join(p.dir, "code")))
		var r view.Reproduction
		var judged map[string]compare.Judged
		if r, judged = p.judged(0, "two"); r.Verdict != compare.Identical || judged["environment.python"].Verdict != compare.Identical {
			t.Errorf("the verdict: %+v", r)
		}
		p.has(p.read(filepath.Join(r.Folder, "stages/stage.use/attempt-1/log")), "code two, a 1.0 b forked built by 1.0 with a 1.0")
	})
}
