package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/runpipe/runpipe/stages/python/pythontest"
)

// Jobs need no network for packages that were fetched when they were submitted.
func TestPackagesFetchedBeforehand(t *testing.T) {
	for _, tool := range []string{"uv", "pip"} {
		t.Run(tool, func(t *testing.T) {
			p, index := newPerson(t, nil), pythontest.NewIndex(t)
			if tool == "uv" {
				p.path(pythontest.UV(t))
			}
			index.User, index.Password = "ada", "s3cr3t"
			a, direct := pythontest.Wheel("a", "1.0+cu124"), pythontest.Wheel("direct", "2.0")
			index.Add("a", a)
			index.Add("direct", direct)
			open := pythontest.NewIndex(t)
			open.Add("direct", direct)
			p.environ = append(p.environ, "PIP_FIND_LINKS=")
			p.write("p.hcl", `
environment "python" {
  packages = ["a", "direct @ `+open.File("direct", direct)+`"]
  index    = "`+index.Address()+`"
  prefetch = true
}
stage "use" {
  environment = environment.python
  command     = ["python", "-c", "import a, direct; print('a is', a.__version__)"]
}
`)
			r := p.gets(0, "runpipe", "apply", "p.hcl")
			p.has(r.stderr, "Fetching the packages of environment.python")
			first, _ := p.status("")

			// Again from nothing but the packages, and there is no index any more.
			index.Close()
			open.Close()
			for _, dir := range []string{"store", "envs"} {
				p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe", dir)))
			}
			p.gets(0, "runpipe", "apply", "--locked", "p.hcl")
			again, stages := p.status("")
			if first.Run == again.Run {
				t.Error("nothing was run again")
			}
			p.has(p.read(stages["stage.use"].Log), "a is 1.0+cu124")
			p.shellchecked()

			// A file that was tampered with is noticed.
			p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe", "store")))
			p.must(os.WriteFile(filepath.Join(p.dir, ".runpipe/packages/sha256", a.SHA256()), pythontest.Wheel("a", "1.0+cu124", "direct").Content, 0o600))
			p.has(p.gets(1, "runpipe", "apply", "--locked", "p.hcl").stderr, "Packages cannot be fetched")
		})
	}
}
