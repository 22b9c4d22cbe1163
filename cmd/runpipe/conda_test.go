package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/cmd/runpipe/view"
	"github.com/runpipe/runpipe/pipeline/gc"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages/conda/condatest"
)

const condaPipeline = `
environment "tools" {
  conda = "conda.lock"
}
train "use" {
  environment = environment.tools
  script      = "greet; tool"
}
`

// greet is a package with a program, which knows the folder of its environment, and
// with scripts for its activation, of which one fails, as some do.
func greet(version string) condatest.Package {
	return condatest.Package{Name: "greet", Version: version, Build: "h1_0", Files: map[string]string{
		"bin/greet":                     "#!/bin/sh\necho \"$GREETING greet " + version + " in " + condatest.Placeholder + "\"\n",
		"etc/conda/activate.d/a.sh":     "export GREETING=\"hello from ${CONDA_PREFIX##*/},\"\nfalse\n",
		"etc/conda/activate.d/notes.md": "exit 1\n",
	}}
}

// tool is one in the old format.
func tool() condatest.Package {
	return condatest.Package{Name: "tool", Version: "3.1", Build: "0", Old: true, Files: map[string]string{"bin/tool": "#!/bin/sh\necho tool 3.1\n"}}
}

// explicit is a list as `conda list --explicit` writes it; hash is what stands behind
// each address, if anything.
func explicit(address string, hash func(condatest.File) string, files ...condatest.File) string {
	text := "# This file may be used to create an environment using:\n# $ conda create --name <env> --file <this file>\n@EXPLICIT\n"
	for _, f := range files {
		text += address + "/" + f.Subdir + "/" + f.Name
		if hash != nil {
			text += "#" + hash(f)
		}
		text += "\n"
	}
	return text
}

// withConda is a person with a client and a channel, and a list of what is in it.
func withConda(t *testing.T, p *person, hash func(condatest.File) string) (*condatest.Channel, condatest.File, condatest.File) {
	p.path(condatest.Client(t, "micromamba"))
	first, second := greet("1.0").Make(t), tool().Make(t)
	c := condatest.NewChannel(t, first, second)
	p.write("conda.lock", explicit(c.Address(), hash, first, second))
	p.write("p.hcl", condaPipeline)
	return c, first, second
}

// venv is the link to what an environment stage has made.
func (p *person) venv(key string) string {
	return filepath.Join(p.dir, ".runpipe/store", key, "outputs/venv")
}

func TestACondaEnvironment(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		c, first, second := withConda(t, p, condatest.File.MD5)
		p.write("../home/.condarc", "pkgs_dirs: [/nonexistent]\n")
		p.has(p.gets(0, "runpipe", "lock", "p.hcl").stdout, "+ environment.tools  2 conda packages on linux_")
		p.has(p.read("p.lock.hcl"), `manager  = "conda"`, `build   = "h1_0"`, "sha256:"+first.SHA256(), "sha256:"+second.SHA256())
		c.Requests()
		p.gets(0, "runpipe", "apply", "--locked", "p.hcl")
		if asked := c.Requests(); len(asked) > 0 {
			t.Errorf("what was downloaded for the lock was asked for again: %v", asked)
		}
		_, stages := p.status("")
		log := p.read(stages["train.use"].Log)
		prefix, err := os.Readlink(p.venv(stages["environment.tools"].Key))
		p.must(err)
		p.has(log, "hello from "+filepath.Base(prefix)+", greet 1.0 in "+prefix+"\n", "tool 3.1")
		installed := p.record(stages["environment.tools"].Key).Installed
		want := []record.Package{
			{Name: "greet", Version: "1.0", Build: "h1_0", SHA256: first.SHA256()},
			{Name: "tool", Version: "3.1", Build: "0", SHA256: second.SHA256()},
		}
		if installed == nil || len(installed.Packages) != 2 || installed.Packages[0] != want[0] || installed.Packages[1] != want[1] || installed.Interpreter != (record.Interpreter{}) {
			t.Errorf("installed is %+v, want %v and no interpreter", installed, want)
		}
		p.shellchecked()
		p.has(p.gets(0, "runpipe", "apply", "p.hcl").stderr, "No changes")
		p.gets(0, "runpipe", "verify")
	})
}

// A list that names other packages makes another environment, and one that only looks
// different does not.
func TestAChangedCondaList(t *testing.T) {
	p := newPerson(t, nil)
	c, first, second := withConda(t, p, condatest.File.SHA256)
	p.gets(0, "runpipe", "apply", "p.hcl")
	p.write("conda.lock", explicit(c.Address(), condatest.File.MD5, second, first))
	p.has(p.gets(0, "runpipe", "plan", "p.hcl").stdout, "0 to run, 2 reused")

	newer := greet("1.1").Make(t)
	c.Put(newer)
	p.write("conda.lock", explicit(c.Address(), condatest.File.SHA256, newer, second))
	p.has(p.gets(5, "runpipe", "plan", "--locked", "p.hcl").stderr, "The packages of environment.tools are not locked.")
	p.has(p.gets(0, "runpipe", "plan", "p.hcl").stdout, "packages changed: greet 1.0=h1_0 → 1.1=h1_0")
	p.gets(0, "runpipe", "apply", "p.hcl")
	_, stages := p.status("")
	p.has(p.read(stages["train.use"].Log), "greet 1.1")
	var runs struct{ Runs []struct{ Run string } }
	p.must(json.Unmarshal([]byte(p.gets(0, "runpipe", "runs", "--json").stdout), &runs))
	if len(runs.Runs) != 2 {
		t.Fatalf("runs are %+v", runs)
	}
	diff := p.gets(0, "runpipe", "diff", runs.Runs[1].Run, runs.Runs[0].Run).stdout
	p.has(diff, "greet", "=h1_0")

	// What only the older run needs goes with it.
	envs := func() int {
		entries, err := os.ReadDir(filepath.Join(p.dir, ".runpipe/envs"))
		p.must(err)
		return len(entries)
	}
	if _, kinds := p.freed("--keep", "1", "--yes"); kinds[gc.Environment] != 1 || envs() != 1 {
		t.Errorf("it freed %v, and %d environments are left", kinds, envs())
	}
	p.gets(0, "runpipe", "verify")
}

// A list without hashes takes what there is once, and then keeps to it.
func TestACondaListWithoutHashes(t *testing.T) {
	p := newPerson(t, nil)
	c, first, _ := withConda(t, p, nil)
	p.gets(0, "runpipe", "lock", "p.hcl")
	other := greet("1.0")
	other.Files["share/new"] = "another build under the name of the old one"
	changed := other.Make(t)
	changed.Name = first.Name
	c.Put(changed)
	p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe")))
	p.gets(3, "runpipe", "apply", "p.hcl")
	_, stages := p.status("")
	p.has(p.read(stages["environment.tools"].Log), changed.SHA256(), first.SHA256()+" is wanted")
	if envs, _ := filepath.Glob(filepath.Join(p.dir, ".runpipe/envs/*")); len(envs) > 0 {
		t.Errorf("a half-built environment is left: %v", envs)
	}
	p.has(p.gets(0, "runpipe", "lock", "--upgrade=environment.tools", "p.hcl").stdout, "~ environment.tools  other files of the same versions")
	p.gets(0, "runpipe", "apply", "--locked", "p.hcl")
}

func TestAWrongMD5InACondaList(t *testing.T) {
	p := newPerson(t, nil)
	c, first, _ := withConda(t, p, condatest.File.MD5)
	changed := greet("1.1").Make(t)
	changed.Name = first.Name
	c.Put(changed)
	r := p.gets(1, "runpipe", "apply", "p.hcl")
	p.has(r.stderr, "Packages cannot be locked", "line 4: "+first.Name, changed.MD5(), first.MD5())
	if _, err := os.Stat(filepath.Join(p.dir, "p.lock.hcl")); err == nil {
		t.Error("a lock file was written")
	}

	// A lock file in which the packages became pip's.
	c.Put(first)
	p.gets(0, "runpipe", "lock", "p.hcl")
	text := p.read("p.lock.hcl")
	for _, part := range [][2]string{{`manager  = "conda"`, `python = "3.11"`}, {`build   = "h1_0"`, ""}, {`build   = "0"`, ""}} {
		text = strings.Replace(text, part[0], part[1], 1)
	}
	p.write("p.lock.hcl", text)
	p.has(p.gets(1, "runpipe", "apply", "p.hcl").stderr, "Damaged lock file", "not of the kind")
}

// Jobs need no network for conda packages that were fetched when they were submitted.
func TestCondaPackagesFetchedBeforehand(t *testing.T) {
	p := newPerson(t, nil)
	c, first, _ := withConda(t, p, condatest.File.SHA256)
	p.write("p.hcl", strings.Replace(condaPipeline, `"conda.lock"`, "\"conda.lock\"\n  prefetch = true", 1))
	p.has(p.gets(0, "runpipe", "apply", "p.hcl").stderr, "Fetching the packages of environment.tools")
	c.Close()
	again := func(code int) string {
		for _, dir := range []string{"store", "envs"} {
			p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe", dir)))
		}
		return p.gets(code, "runpipe", "apply", "--locked", "p.hcl").stderr
	}
	again(0)
	_, stages := p.status("")
	p.has(p.read(stages["train.use"].Log), "greet 1.0")
	if strings.Contains(p.read(filepath.Join(stages["environment.tools"].Log, "../../job.sh")), "--fetch") {
		t.Error("the job would ask the network")
	}
	p.shellchecked()

	// A file that was tampered with is noticed.
	kept := filepath.Join(p.dir, ".runpipe/packages/sha256", first.SHA256())
	p.must(os.Chmod(kept, 0o644))
	p.must(os.WriteFile(kept, greet("6.6").Make(t).Content, 0o644))
	p.has(again(1), "Packages cannot be fetched", first.Name)
}

// The attack: a file of the environment is changed after it was made.
func TestATamperedCondaEnvironmentIsFound(t *testing.T) {
	p := newPerson(t, nil)
	withConda(t, p, condatest.File.SHA256)
	p.gets(0, "runpipe", "apply", "p.hcl")
	_, stages := p.status("")
	program := filepath.Join(p.venv(stages["environment.tools"].Key), "bin/greet")
	p.must(os.WriteFile(program, []byte("#!/bin/sh\necho something else\n"), 0o755))
	p.gets(3, "runpipe", "apply", "--rerun", "train.use", "p.hcl")
	_, stages = p.status("")
	p.has(stages["train.use"].Reason, "environment.tools is not what it was", "bin/greet changed")
	p.has(p.read(stages["train.use"].Log), "DRIFT")
	var v view.Verification
	p.must(json.Unmarshal([]byte(p.gets(4, "runpipe", "verify", "--json", "environment.tools").stdout), &v))
	if v.Holds {
		t.Errorf("verified: %+v", v)
	}
}

// What opens a private channel stands in no file and on no screen.
func TestAPrivateCondaChannel(t *testing.T) {
	for _, prefetch := range []string{"false", "true"} {
		t.Run("prefetch "+prefetch, func(t *testing.T) {
			p := newPerson(t, nil)
			c, first, second := withConda(t, p, condatest.File.MD5)
			c.User, c.Password, c.Token = "ada", "s3cr3t", "tk-s3cr3t"
			address := strings.Replace(c.Address(), "://", "://${LAB_USER}:${LAB_PASSWORD}@", 1) + "/t/${LAB_TOKEN}"
			p.write("conda.lock", explicit(address, condatest.File.MD5, first, second))
			p.write("p.hcl", strings.Replace(condaPipeline, `"conda.lock"`, "\"conda.lock\"\n  prefetch = "+prefetch, 1))
			p.has(p.gets(1, "runpipe", "validate", "p.hcl").stderr, "Undeclared variable", `pass_env = ["LAB_PASSWORD", "LAB_TOKEN", "LAB_USER"]`)
			p.write("p.hcl", strings.Replace(p.read("p.hcl"), "  prefetch", "  pass_env = [\"LAB_USER\", \"LAB_PASSWORD\", \"LAB_TOKEN\"]\n  prefetch", 1))
			p.has(p.gets(1, "runpipe", "lock", "p.hcl").stderr, "${LAB_USER}", "not set")
			p.environ = append(p.environ, "LAB_USER=ada", "LAB_PASSWORD=s3cr3t", "LAB_TOKEN=tk-wrong-s3cr3t")
			refused := p.gets(1, "runpipe", "lock", "p.hcl")
			p.has(refused.stderr, c.Address()+"/t/${LAB_TOKEN}/noarch/", "403 Forbidden", "${NAME}")
			p.environ = append(p.environ, "LAB_TOKEN=tk-s3cr3t")
			locked := p.gets(0, "runpipe", "lock", "p.hcl")
			p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe/packages")))
			applied := p.gets(0, "runpipe", "apply", "p.hcl")
			if len(c.Requests()) == 0 {
				t.Error("the channel was not asked")
			}
			p.unseen("s3cr3t", refused, locked, applied)
			p.shellchecked()
		})
	}
}

// A list may lie in a repository, and is then that of the pinned commit.
func TestACondaListInAClone(t *testing.T) {
	p := newPerson(t, nil)
	c, first, second := withConda(t, p, nil)
	p.repository("code", map[string]string{
		"envs/conda.lock":  explicit(c.Address(), condatest.File.MD5, first, second),
		"requirements.txt": "numpy==2.1.0\n",
	})
	p.write("p.hcl", strings.Replace(condaPipeline, `conda = "conda.lock"`, `
  source = clone.code
  conda  = "envs/conda.lock"`, 1)+`clone "code" { repository = "code" }`)
	p.gets(0, "runpipe", "apply", "p.hcl")
	p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe")))
	p.gets(0, "runpipe", "apply", "--locked", "p.hcl")
	_, stages := p.status("")
	p.has(p.read(stages["train.use"].Log), "greet 1.0", "tool 3.1")
	whole := p.read("p.hcl")

	// The attack: it asks for a variable of who has cloned it.
	p.write("code/envs/stolen.lock", explicit(c.Address()+"/t/${STOLEN}", condatest.File.MD5, first, second))
	p.commit("code", "Ask for more")
	p.environ = append(p.environ, "STOLEN=s3cr3t")
	p.write("p.hcl", strings.NewReplacer("envs/conda.lock", "envs/stolen.lock", `"code" }`, `"./code" }`).Replace(whole))
	c.Requests()
	p.has(p.gets(1, "runpipe", "lock", "p.hcl").stderr, "p.hcl:5:12", "Undeclared variable", `pass_env = ["STOLEN"]`)
	if asked := c.Requests(); len(asked) > 0 {
		t.Errorf("the channel was asked: %q", asked)
	}

	p.write("p.hcl", strings.Replace(whole, "envs/conda.lock", "requirements.txt", 1))
	p.has(p.gets(1, "runpipe", "lock", "p.hcl").stderr, "requirements.txt: it is a list of requirements")
	p.write("p.hcl", strings.Replace(whole, "conda  =", "requirements =", 1))
	p.has(p.gets(1, "runpipe", "lock", "p.hcl").stderr, `write conda = "envs/conda.lock" in the place of`)
}

// An interpreter among the packages is asked what it is, and python = … compared.
func TestPythonOfACondaEnvironment(t *testing.T) {
	client := condatest.Client(t, "conda") // which is required, or skips the test, where there is no python3
	out, err := exec.Command("python3", "-c", "import sys, platform; print(sys.executable, platform.python_version())").Output()
	if err != nil {
		t.Fatal(err)
	}
	path, version, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	minor := version[:strings.LastIndex(version, ".")]
	p := newPerson(t, nil)
	p.path(client)
	python := func(version string) condatest.File {
		return condatest.Package{Name: "python", Version: version, Build: "h1_cpython", Files: map[string]string{
			"bin/python": "#!/bin/sh\nexec " + path + " \"$@\"\n", "lib/python3/where.py": "PREFIX = '" + condatest.Placeholder + "'\n",
		}}.Make(t)
	}
	good, other := python(version), python("3.1.4")
	c := condatest.NewChannel(t, good, other)
	pipeline := func(wanted string) string {
		return "environment \"tools\" {\n  conda = \"conda.lock\"\n  python = \"" + wanted + "\"\n}\nstage \"use\" {\n  environment = environment.tools\n  command = [\"python\", \"-c\", \"print(6 * 7)\"]\n}\n"
	}
	p.write("conda.lock", explicit(c.Address(), nil, good))
	p.write("p.hcl", pipeline(minor))
	p.gets(0, "runpipe", "apply", "p.hcl")
	_, stages := p.status("")
	p.has(p.read(stages["stage.use"].Log), "42")
	if i := p.record(stages["environment.tools"].Key).Installed; i == nil || i.Interpreter.Version != version || !filepath.IsAbs(i.Interpreter.Path) {
		t.Errorf("installed is %+v", i)
	}
	p.has(p.read("p.lock.hcl"), `python   = "`+minor+`"`)
	if compiled, _ := filepath.Glob(filepath.Join(p.venv(stages["environment.tools"].Key), "lib/python3/__pycache__/where.*.pyc")); len(compiled) != 1 {
		t.Errorf("bytecode is %v", compiled)
	}
	p.shellchecked()

	p.write("p.hcl", pipeline("3.1"))
	p.has(p.gets(1, "runpipe", "apply", "p.hcl").stderr, "p.hcl:2", "python 3.1 is wanted, and its packages bring python "+version)

	// A package that is not what it says.
	p.write("conda.lock", explicit(c.Address(), nil, other))
	p.gets(3, "runpipe", "apply", "p.hcl")
	_, stages = p.status("")
	p.has(p.read(stages["environment.tools"].Log), "python 3.1 is wanted, and the environment has "+version)
}

func TestNoClientForConda(t *testing.T) {
	p := newPerson(t, nil)
	c := condatest.NewChannel(t, greet("1.0").Make(t), tool().Make(t))
	p.write("conda.lock", explicit(c.Address(), condatest.File.SHA256, greet("1.0").Make(t), tool().Make(t)))
	p.write("p.hcl", condaPipeline)
	p.environ = append(p.environ, "PATH="+filepath.Join(p.dir, "../bin")+":/usr/bin:/bin")
	p.has(p.gets(1, "runpipe", "apply", "p.hcl").stderr, "No conda client", "micromamba, mamba or conda is wanted")
	// Where a client is a function of the shell, a variable says where it is.
	p.environ = append(p.environ, "MAMBA_EXE="+filepath.Join(condatest.Client(t, "micromamba"), "micromamba"))
	p.gets(0, "runpipe", "apply", "p.hcl")
}
