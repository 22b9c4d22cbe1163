package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/python/pythontest"
)

// unseen fails if a secret stands on a screen, or in a file that was left.
func (p *person) unseen(secret string, screens ...result) {
	p.Helper()
	for _, r := range screens {
		if strings.Contains(r.stdout+r.stderr, secret) {
			p.Errorf("the secret is on the screen:\n%s%s", r.stdout, r.stderr)
		}
	}
	p.nowhere(secret)
}

func TestAnIndexWithAPassword(t *testing.T) {
	for _, tool := range []string{"uv", "pip"} {
		t.Run(tool, func(t *testing.T) {
			p := newPerson(t, nil)
			if tool == "uv" {
				p.path(pythontest.UV(t))
			}
			private, public := pythontest.NewIndex(t), pythontest.NewIndex(t)
			private.User, private.Password = "ada", "s3cr3t"
			private.Add("a", pythontest.Wheel("a", "1.0", "b"))
			public.Add("b", pythontest.Wheel("b", "1.0"))
			p.environ = append(p.environ, "RUNPIPE_VAR_token=s3cr3t", "PIP_FIND_LINKS=", "PIP_INDEX_URL=http://127.0.0.1:9/", "UV_DEFAULT_INDEX=http://127.0.0.1:9/")
			p.write("p.hcl", `
variable "token" { sensitive = true }
environment "python" {
  packages    = ["a"]
  index       = "http://ada:${var.token}@`+strings.TrimPrefix(private.Plain(), "http://")+`"
  extra_index = ["`+public.Plain()+`"]
}
stage "use" {
  environment = environment.python
  command     = ["python", "-c", "import a, b; print('a is', a.__version__)"]
}
`)
			screens := []result{p.gets(0, "runpipe", "lock", "p.hcl"), p.gets(0, "runpipe", "plan", "--json", "p.hcl"), p.gets(0, "runpipe", "apply", "--locked", "p.hcl")}
			_, stages := p.status("")
			p.has(p.read(stages["stage.use"].Log), "a is 1.0")
			p.shellchecked()
			p.unseen("s3cr3t", screens...)
			private.SetPassword("an0ther")
			p.environ = append(p.environ, "RUNPIPE_VAR_token=wr0ng")
			p.unseen("wr0ng", p.gets(1, "runpipe", "lock", "--upgrade", "p.hcl"))
		})
	}
}

func TestAnIndexInARequirementsFile(t *testing.T) {
	p, index := newPerson(t, nil), pythontest.NewIndex(t)
	p.path(pythontest.UV(t))
	index.User, index.Password = "ada", "s3cr3t"
	index.Add("a", pythontest.Wheel("a", "1.0"))
	p.environ = append(p.environ, "INDEX_TOKEN=s3cr3t")
	host := strings.TrimPrefix(index.Plain(), "http://")
	p.write("requirements.txt", "--index-url http://ada:${INDEX_TOKEN}@"+host+"\na\n")
	p.write("p.hcl", "environment \"python\" {\n  requirements = \"requirements.txt\"\n  pass_env     = [\"INDEX_TOKEN\"]\n}\n")
	p.gets(0, "runpipe", "apply", "p.hcl")
	p.nowhere("s3cr3t")
	p.write("requirements.txt", "--index-url http://ada:s3cr3t@"+host+"\na\n")
	r := p.gets(1, "runpipe", "validate", "p.hcl")
	p.has(r.stderr, "requirements.txt:1", "a password does not belong into a file")
	if strings.Contains(r.stderr, "s3cr3t") {
		t.Error("the password is shown")
	}
}

// The attack: a repository that somebody has cloned asks for a variable of theirs, which
// would go to a host of its choice.
func TestAFileInACloneGetsNoVariableByAskingForIt(t *testing.T) {
	for name, attack := range map[string]struct{ line, says string }{
		"index":   {"--extra-index-url http://${STOLEN}@%s\na\n", `pass_env = ["STOLEN"]`},
		"package": {"a @ http://%s/${STOLEN}/a-1.0-py3-none-any.whl\n", "only the address of an index"},
	} {
		t.Run(name, func(t *testing.T) {
			p, index := newPerson(t, nil), pythontest.NewIndex(t)
			index.Add("a", pythontest.Wheel("a", "1.0"))
			index.User, index.Password = "s3cr3t", "x" // whoever asks without the variable is turned away
			p.environ = append(p.environ, "STOLEN=s3cr3t")
			p.repository("code", map[string]string{"requirements.txt": fmt.Sprintf(attack.line, strings.TrimPrefix(index.Plain(), "http://"))})
			p.write("p.hcl", `
clone "code" { repository = "code" }
environment "python" {
  source       = clone.code
  requirements = "requirements.txt"
}
`)
			refused := p.gets(1, "runpipe", "apply", "p.hcl")
			p.has(refused.stderr, "requirements.txt", attack.says)
			if asked := index.Requests(); len(asked) > 0 {
				t.Errorf("the index was asked: %q", asked)
			}
			p.unseen("s3cr3t", refused)
		})
	}
}

// What the block declares has to be there, so that nobody takes it for the environment of
// a build.
func TestAVariableThatNoAddressHolds(t *testing.T) {
	p := newPerson(t, nil)
	p.write("requirements.txt", "a\n")
	p.write("p.hcl", "environment \"python\" {\n  requirements = \"requirements.txt\"\n  pass_env     = [\"CUDA_HOME\"]\n}\n")
	p.has(p.gets(1, "runpipe", "validate", "p.hcl").stderr, "p.hcl:3:19", "No address in requirements.txt holds ${CUDA_HOME}")
	p.write("p.hcl", "environment \"python\" {\n  packages = [\"a\"]\n  pass_env = [\"CUDA_HOME\"]\n}\n")
	p.has(p.gets(1, "runpipe", "validate", "p.hcl").stderr, "p.hcl:3:14", "No addresses")
}

func TestPackagesForAnotherKindOfNode(t *testing.T) {
	p, index := newPerson(t, nil), pythontest.NewIndex(t)
	for _, machine := range []string{"x86_64", "aarch64"} {
		index.Add("a", pythontest.TaggedWheel("a", "1.0", "py3-none-manylinux_2_17_"+machine))
	}
	p.usesIndex(index)
	p.environ = append(p.environ, "PIP_FIND_LINKS=")
	p.write("p.hcl", `
environment "python" {
  packages = ["a"]
  platform = "linux_`+otherMachine()+`"
}
`)
	p.has(p.gets(1, "runpipe", "lock", "p.hcl").stderr, "cannot be resolved by pip", "install uv")
	p.path(pythontest.UV(t))
	p.gets(0, "runpipe", "lock", "p.hcl")
	if lock := p.read("p.lock.hcl"); strings.Count(lock, ".whl") != 1 || !strings.Contains(lock, "manylinux_2_17_"+otherMachine()+".whl") {
		t.Errorf("the lock file has other files:\n%s", lock)
	}
	p.gets(3, "runpipe", "apply", "p.hcl")
	_, stages := p.status("")
	p.has(p.read(stages["environment.python"].Log), "the packages were locked for "+otherMachine()+", and this node is ")
}

func otherMachine() string {
	if runtime.GOARCH == "arm64" {
		return "x86_64"
	}
	return "aarch64"
}

// A package of which there is only the source is built with what is locked.
func TestAPackageWithoutWheels(t *testing.T) {
	for _, tool := range []string{"uv", "pip"} {
		t.Run(tool, func(t *testing.T) {
			p, index := newPerson(t, nil), pythontest.NewIndex(t)
			if tool == "uv" {
				p.path(pythontest.UV(t))
			}
			index.Add("old", pythontest.Source("old", "1.0", map[string]string{
				"old.py":   "__version__ = '1.0'\n",
				"setup.py": "import setuptools\nsetuptools.setup(name='old', version='1.0', py_modules=['old'])\n",
			}))
			p.environ = append(p.environ, "PIP_FIND_LINKS=", "SSL_CERT_FILE="+os.Getenv("SSL_CERT_FILE")) // setuptools and wheel come from PyPI
			p.write("p.hcl", `
environment "python" {
  packages    = ["old"]
  extra_index = ["`+index.Plain()+`"]
}
stage "use" {
  environment = environment.python
  command     = ["python", "-c", "import old; print('old is', old.__version__)"]
}
`)
			p.gets(0, "runpipe", "apply", "p.hcl")
			p.has(p.read("p.lock.hcl"), `package "setuptools"`, `package "wheel"`, `"old-1.0.tar.gz"`)
			_, stages := p.status("")
			p.has(p.read(stages["stage.use"].Log), "old is 1.0")
			p.shellchecked()
		})
	}
}
