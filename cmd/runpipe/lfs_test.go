package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/stages/lfs/lfstest"
)

// large makes a repository with files in Git LFS, as git-lfs does.
func (p *person) large(dir string) (commit string) {
	p.Helper()
	lfstest.Need(p)
	p.gets(0, "git", "lfs", "install", "--skip-repo")
	return p.repository(dir, map[string]string{
		".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "model.bin": weights, "src/train.sh": "cat model.bin > out\n",
	})
}

const withLFS = `
clone "code" {
  repository = "%[1]s"
}
clone "pointers" {
  repository = "%[1]s"
  lfs        = false
}
data "weights" {
  repository = "%[1]s"
  path       = "model.bin"
}
train "copy" {
  source  = clone.code
  script  = <<-END
    bash src/train.sh
    wc -c < out
    head -1 ${clone.pointers.path}/model.bin
    cmp out ${data.weights.path} && echo the same
    stat -c '%%a' ${data.weights.path}
  END
  outputs = { out = "out" }
}
`

// A checkout has what Git LFS keeps, as git's own with git-lfs has it, and data may be
// one such file. Both share what was brought.
func TestLFS(t *testing.T) {
	onBoth(t, func(t *testing.T, p *person) {
		first := p.large("code")
		p.gets(0, "git", "clone", "-q", "--bare", "code", "served/code.git")
		p.gets(0, "cp", "-r", "code/.git/lfs", "served/code.git/lfs")
		server := lfstest.Serve(t, filepath.Join(p.dir, "served"))
		server.User, server.Password = "ada", "s3cr3t"
		p.write("lfs.hcl", fmt.Sprintf(withLFS, strings.Replace(server.URL, "http://", "http://ada:s3cr3t@", 1)+"/code.git"))
		p.has(p.gets(0, "runpipe", "lock", "lfs.hcl").stdout, "data.weights", "default branch → "+first[:7], "273.4 KiB")
		p.has(p.read("lfs.lock.hcl"), `data "`+server.URL+`/code.git:model.bin"`, first)
		if server.Asked("batch") != 0 {
			t.Error("locking asks for content")
		}
		server.Cut(100_000)
		p.gets(0, "runpipe", "apply", "--locked", "lfs.hcl")
		st, stages := p.status("")
		p.has(p.read(stages["train.copy"].Log), fmt.Sprint(len(weights)), "version https://git-lfs.github.com/spec/v1", "the same", "444")
		if st.State != run.Succeeded || server.Asked("object") != 2 || server.Asked("range") != 1 {
			t.Errorf("%s; %d downloads, %d of them for a part", st.State, server.Asked("object"), server.Asked("range"))
		}
		p.shellchecked()
		p.has(p.gets(0, "runpipe", "apply", "lfs.hcl").stdout, "Plan: 0 to run, 4 reused.")
		p.gets(0, "runpipe", "gc", "--yes")
		if needs := strings.Count(p.read(".runpipe/runs/"+st.Run+"/run.json"), `"downloads"`); needs != 2 {
			t.Errorf("%d stages keep their downloads from gc, want those of clone.code and data.weights", needs)
		}

		// All of it is in the workspace, for verify, reproduce and an emptied store.
		server.Close()
		p.gets(0, "runpipe", "verify", st.Run)
		p.has(p.gets(0, "runpipe", "reproduce", st.Run).stdout, "IDENTICAL")
		p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe/store")))
		p.gets(0, "runpipe", "apply", "lfs.hcl")
		p.must(os.Remove(filepath.Join(p.dir, "lfs.hcl"))) // its owner's own
		p.nowhere("s3cr3t")
		p.nowhere("signature=hush")
		if leaks := server.Leaks(); len(leaks) > 0 {
			t.Errorf("the host of objects is told %q", leaks)
		}
		p.nothingQueued()
	})
}

// The repository that somebody works in: its large files are no changes, another
// commit moves only what it changed, and what is damaged is found.
func TestLFSOfOnesOwn(t *testing.T) {
	p := newPerson(t, nil)
	p.large(".")
	p.write("lfs.hcl", fmt.Sprintf(withLFS, "."))
	p.commit(".", "Add the pipeline")
	p.gets(0, "runpipe", "apply", "lfs.hcl")
	_, stages := p.status("")
	p.has(p.read(stages["train.copy"].Log), "the same")

	p.write("src/train.sh", "cat model.bin > out # as before\n")
	second := p.commit(".", "Change the code")
	p.gets(0, "runpipe", "lock", "--upgrade", "lfs.hcl")
	r := p.gets(0, "runpipe", "plan", "lfs.hcl")
	p.has(r.stdout, "= data.weights", "+ clone.code") // the file is the same in both commits

	p.write("model.bin", strings.ToUpper(weights))
	p.has(p.gets(1, "runpipe", "apply", "lfs.hcl").stderr, "model.bin", "ncommitted")
	p.gets(0, "runpipe", "apply", "--allow-dirty", "lfs.hcl")
	_, stages = p.status("")
	if got := p.read(stages["train.copy"].Outputs["out"]); got != strings.ToUpper(weights) {
		t.Errorf("the uncommitted content is not used (%d bytes)", len(got))
	}
	third := p.commit(".", "Train on")
	p.gets(0, "runpipe", "lock", "--upgrade", "lfs.hcl")
	p.has(p.gets(0, "runpipe", "plan", "lfs.hcl").stdout, "default branch moved "+second[:7]+" → "+third[:7], "+ data.weights")

	// A checkout whose large file was changed is found by the job that uses it.
	p.gets(0, "runpipe", "apply", "lfs.hcl")
	models, err := filepath.Glob(filepath.Join(p.dir, ".runpipe/store/*/outputs/tree/model.bin"))
	p.must(err)
	for _, model := range models {
		if p.read(model) == strings.ToUpper(weights) {
			p.must(os.Chmod(filepath.Dir(model), 0o755))
			p.must(os.Remove(model))
			p.must(os.WriteFile(model, []byte(strings.ToUpper(weights[1:])+"!"), 0o644))
		}
	}
	p.has(p.gets(4, "runpipe", "verify").stdout, "model.bin changed")
	p.has(p.gets(0, "runpipe", "apply", "lfs.hcl").stdout, "outputs damaged: path/model.bin changed", "✓ clone.code")
}

// What is missing is told before anything is submitted.
func TestLFSWithoutContent(t *testing.T) {
	p := newPerson(t, nil)
	p.large("own")
	p.gets(0, "git", "clone", "-q", "--bare", "own", "code")
	p.must(os.RemoveAll(filepath.Join(p.dir, "own/.git/lfs")))
	p.write("lfs.hcl", "clone \"code\" {\n  repository = \"code\"\n}\n")
	p.has(p.gets(1, "runpipe", "apply", "lfs.hcl").stderr, "Git LFS content missing", "lfs.hcl:2", "model.bin", "git lfs fetch", "lfs = false")
	p.write("lfs.hcl", "clone \"code\" {\n  repository = \"code\"\n  lfs = false\n}\n")
	p.gets(0, "runpipe", "apply", "lfs.hcl")
	p.write("lfs.hcl", "data \"code\" {\n  repository = \"code\"\n  path = \"src/train.sh\"\n}\n")
	p.has(p.gets(1, "runpipe", "lock", "lfs.hcl").stderr, "Not in Git LFS", "lfs.hcl:3", "paths")
	p.write("lfs.hcl", "data \"code\" {\n  repository = \"code\"\n  path = \"modle.bin\"\n}\n")
	p.has(p.gets(1, "runpipe", "lock", "lfs.hcl").stderr, "No such path", "lfs.hcl:3", "Did you mean")
	p.write("lfs.hcl", "data \"code\" {\n  repository = \"code\"\n  ref = \"nope\"\n  path = \"model.bin\"\n}\n")
	p.has(p.gets(1, "runpipe", "lock", "lfs.hcl").stderr, "No such ref", "lfs.hcl:3")
	p.write("lfs.hcl", "data \"code\" {\n  repository = \"code\"\n  path = \"model.bin\"\n}\n")
	p.gets(0, "runpipe", "lock", "lfs.hcl")
	p.has(p.gets(1, "runpipe", "apply", "lfs.hcl").stderr, "Git LFS content missing")
	if runs, _ := filepath.Glob(filepath.Join(p.dir, ".runpipe/runs/*/run.json")); len(runs) != 1 {
		t.Errorf("submitted: %v", runs)
	}
}
