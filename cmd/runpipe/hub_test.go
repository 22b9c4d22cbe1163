package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/stages/huggingface/hubtest"
)

const hubToken = "hf_ThisIsNobodysToken0123"

const withHub = `
data "llama" {
  huggingface = "meta/llama"
  files       = ["*.safetensors", "*.json"]
}
data "mnist" {
  huggingface = "datasets/ylecun/mnist"
  revision    = "v1"
}
train "tune" {
  script  = <<-END
    cat ${data.llama.path}/config.json ${data.mnist.path}/data/train.csv > out
    wc -c < ${data.llama.path}/model.safetensors
    find ${data.llama.path} ${data.mnist.path} -type f -printf '%m %P\n' | sort
  END
  outputs = { out = "out" }
}
`

var weights = strings.Repeat("weight ", 40_000)

// newHub has a model that only who has the token may read, and a data set.
func newHub(t *testing.T) (h *hubtest.Hub, first string) {
	h = hubtest.New(t, hubToken)
	first = h.Commit("meta/llama", map[string]string{
		"config.json": "{\"layers\": 1}\n", "model.safetensors": weights, "README.md": "# llama", "nested/gen.json": "{}",
	})
	h.Gate("meta/llama")
	h.Tag("datasets/ylecun/mnist", "v1", h.Commit("datasets/ylecun/mnist", map[string]string{"data/train.csv": "seven\n", "copy.bin": weights}))
	return h, first
}

// hubPerson is somebody whose environment names the hub.
func hubPerson(t *testing.T, h *hubtest.Hub) *person {
	p := newPerson(t, nil)
	p.setenv("HF_ENDPOINT", h.URL)
	p.setenv("HF_TOKEN", hubToken)
	p.write("tune.hcl", withHub)
	return p
}

func (p *person) setenv(name, value string) { p.environ = append(p.environ, name+"="+value) }

// lacks fails if text holds one of the parts.
func (p *person) lacks(text string, parts ...string) {
	p.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			p.Errorf("%q stands in:\n%s", part, text)
		}
	}
}

// A repository of the hub is pinned file by file, brought once, and published like any
// stage; what moves upstream changes nothing before somebody asks for it.
func TestHuggingFace(t *testing.T) {
	h, first := newHub(t)
	p := hubPerson(t, h)
	p.has(p.gets(1, "runpipe", "plan", "tune.hcl").stderr, "Data without a pin", "runpipe lock")
	p.gets(5, "runpipe", "lock", "--locked", "tune.hcl")
	if h.Asked("api") != 0 {
		t.Error("a plan asks the hub")
	}
	r := p.gets(0, "runpipe", "lock", "tune.hcl")
	p.has(r.stdout, "data.llama", "revision main → "+first[:7], "3 files", "data.mnist", "revision v1 →", "2 files")
	locked := p.read("tune.lock.hcl")
	p.has(locked, `data "https://huggingface.co/meta/llama@main *.json *.safetensors"`, first, `file "nested/gen.json"`)
	p.lacks(locked, "README.md", h.URL)
	if h.Asked("large") != 0 || h.Asked("small") != 3 {
		t.Errorf("locking downloads %d large and %d small files", h.Asked("large"), h.Asked("small"))
	}

	r = p.gets(0, "runpipe", "apply", "--locked", "tune.hcl")
	p.lacks(r.stdout+r.stderr, hubToken)
	st, stages := p.status("")
	if st.State != run.Succeeded || h.Asked("large") != 1 || h.Asked("small") != 3 {
		t.Errorf("the run is %s; %d large and %d small files were downloaded", st.State, h.Asked("large"), h.Asked("small"))
	}
	p.has(p.read(stages["train.tune"].Log), fmt.Sprint(len(weights)), "444 config.json", "444 nested/gen.json", "444 data/train.csv", "444 copy.bin")
	p.has(p.read(stages["data.llama"].Log), "3 files have the sha256 that was pinned")
	p.shellchecked()
	p.has(p.gets(0, "runpipe", "apply", "tune.hcl").stdout, "Plan: 0 to run, 3 reused.")
	run1 := st.Run
	p.has(p.gets(0, "runpipe", "show", run1).stdout, first[:7])

	// Upstream moves, and a file that nobody asked for changes.
	p.gets(0, "runpipe", "lock", "--locked", "tune.hcl")
	readme := h.Commit("meta/llama", map[string]string{"config.json": "{\"layers\": 1}\n", "model.safetensors": weights, "README.md": "# more", "nested/gen.json": "{}"})
	p.has(p.gets(0, "runpipe", "apply", "tune.hcl").stdout, "Plan: 0 to run, 3 reused.")
	p.has(p.gets(0, "runpipe", "lock", "--upgrade=data.llama", "tune.hcl").stdout, "revision main moved "+first[:7]+" → "+readme[:7])
	p.has(p.gets(0, "runpipe", "apply", "tune.hcl").stdout, "Plan: 0 to run, 3 reused.") // the files are the same
	second := h.Commit("meta/llama", map[string]string{"config.json": "{\"layers\": 2}\n", "model.safetensors": weights})
	p.has(p.gets(0, "runpipe", "plan", "tune.hcl").stdout, "Plan: 0 to run, 3 reused.")
	p.gets(5, "runpipe", "lock", "--locked", "--upgrade", "tune.hcl")
	p.gets(0, "runpipe", "lock", "--upgrade=data.llama", "tune.hcl")
	r = p.gets(0, "runpipe", "plan", "tune.hcl")
	p.has(r.stdout, "revision main moved "+readme[:7]+" → "+second[:7], "data.llama moved "+readme[:7]+" → "+second[:7], "= data.mnist", "main at "+second[:7], "v1 at ")
	p.gets(0, "runpipe", "apply", "tune.hcl")
	st, stages = p.status("")
	p.has(p.read(stages["train.tune"].Log), "444 config.json")
	if h.Asked("large") != 1 {
		t.Errorf("weights that are here already were downloaded again (%d)", h.Asked("large"))
	}
	p.has(p.gets(0, "runpipe", "diff", run1, st.Run).stdout, "data.llama  commit", first[:7], second[:7])

	// With its files in the workspace, nothing needs the hub, or the token.
	h.Close()
	h.Large.Close()
	p.setenv("HF_TOKEN", "")
	p.gets(0, "runpipe", "verify", st.Run)
	p.has(p.gets(0, "runpipe", "reproduce", st.Run).stdout, "IDENTICAL")
	p.gets(0, "runpipe", "gc")
	p.must(os.RemoveAll(filepath.Join(p.dir, ".runpipe/store")))
	p.gets(0, "runpipe", "apply", "tune.hcl")
	p.nowhere(hubToken)
	p.nowhere("Signature=hush")
	if leaks := h.Leaks(); len(leaks) > 0 {
		t.Errorf("the host of large files is told %q", leaks)
	}
	p.nothingQueued()
}

// What the hub refuses is explained, and nothing is submitted.
func TestHuggingFaceRefuses(t *testing.T) {
	h, first := newHub(t)
	p := hubPerson(t, h)
	for _, c := range []struct {
		token, block, want string
		line               int // of the fault
	}{
		{"", `huggingface = "meta/llama"`, "Gated repository|meta/llama|accept|set HF_TOKEN to a token", 2},
		{"hf_another", `huggingface = "meta/llama"`, "Login refused|HF_TOKEN", 2},
		{"", `huggingface = "meta/lama"`, "No such repository|meta/lama|private|datasets/meta/lama|set HF_TOKEN", 2},
		{hubToken, `huggingface = "meta/lama"`, "No such repository|404|token of HF_TOKEN", 2},
		{hubToken, "huggingface = \"meta/llama\"\n  revision = \"v2\"", `No such revision|"v2"`, 3},
		{hubToken, "huggingface = \"meta/lama\"\n  revision = \"v2\"\n  files = [\"*.json\"]", "No such repository", 2},
		{hubToken, "huggingface = \"meta/llama\"\n  files = [\"*.json\", \"*.gguf\"]", `No such file|"*.gguf"|model.safetensors`, 3},
		{hubToken, "huggingface = \"meta/llama\"\n  token_env = \"MY_TOKEN\"", "Missing token|MY_TOKEN", 2},
		// The hub's token is not for another hub that a file names.
		{hubToken, "huggingface = \"meta/llama\"\n  endpoint = \"" + h.URL + "\"", "Gated repository|token_env = \"HF_TOKEN\"", 2},
		{"line\nbreak", `huggingface = "meta/llama"`, "Unsuitable token|HF_TOKEN", 2},
	} {
		p.setenv("HF_TOKEN", c.token)
		p.write("one.hcl", "data \"one\" {\n  "+c.block+"\n}\n")
		r := p.gets(1, "runpipe", "lock", "one.hcl")
		p.has(strings.Join(strings.Fields(r.stderr), " "), append(strings.Split(c.want, "|"), "one.hcl:"+strconv.Itoa(c.line)+":")...)
		p.lacks(r.stderr, hubToken, "hf_another")
	}
	if _, err := os.Stat(filepath.Join(p.dir, "one.lock.hcl")); err == nil {
		t.Error("a lock file was written")
	}
	// Both are said by the file: another hub, and the token for it.
	p.setenv("HF_TOKEN", "")
	p.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
	p.setenv("MY_TOKEN", hubToken)
	p.write("one.hcl", "data \"one\" {\n  huggingface = \"meta/llama\"\n  revision = \""+first+"\"\n  endpoint = \""+h.URL+"/\"\n  token_env = \"MY_TOKEN\"\n  files = [\"nested/\"]\n}\n")
	p.gets(0, "runpipe", "lock", "one.hcl")
	p.has(p.read("one.lock.hcl"), `data "`+h.URL+"/meta/llama@"+first+` nested/"`, "nested/gen.json")
	p.gets(0, "runpipe", "apply", "one.hcl")
	p.nowhere(hubToken)
	p.setenv("HF_ENDPOINT", "mirror.example.org")
	p.write("one.hcl", "data \"one\" {\n  huggingface = \"meta/llama\"\n}\n")
	p.has(p.gets(1, "runpipe", "lock", "one.hcl").stderr, "Unsuitable endpoint", "HF_ENDPOINT")
}

// A download that was cut off goes on, one that is not what was announced is not used,
// and a file of the cache that was tampered with is brought again.
func TestHuggingFaceDamaged(t *testing.T) {
	h, _ := newHub(t)
	p := hubPerson(t, h)
	h.Damage("{\"layers\": 1}\n", true)
	p.has(p.gets(1, "runpipe", "lock", "tune.hcl").stderr, "Another file", "config.json", "announced")
	h.Damage("{\"layers\": 1}\n", false)
	p.gets(0, "runpipe", "lock", "tune.hcl")

	h.Damage(weights, true)
	p.has(p.gets(1, "runpipe", "apply", "tune.hcl").stderr, "Another file", "tune.hcl:3", "is wanted")
	if runs, _ := filepath.Glob(filepath.Join(p.dir, ".runpipe/runs/*/run.json")); len(runs) > 0 {
		t.Errorf("something was submitted: %v", runs)
	}
	h.Damage(weights, false)
	h.Cut(100_000)
	p.gets(0, "runpipe", "apply", "tune.hcl")
	if h.Asked("range") != 1 {
		t.Errorf("%d parts were asked for: a download that was cut off begins again", h.Asked("range"))
	}

	kept, err := filepath.Glob(filepath.Join(p.dir, ".runpipe/data/*"))
	p.must(err)
	for _, file := range kept {
		p.must(os.Chmod(file, 0o644))
		p.must(os.WriteFile(file, []byte("tampered"), 0o644))
	}
	p.has(p.gets(4, "runpipe", "verify").stdout, "path/model.safetensors changed") // they were links to one file
	p.gets(0, "runpipe", "apply", "tune.hcl")
	_, stages := p.status("")
	p.has(p.read(stages["train.tune"].Log), fmt.Sprint(len(weights)))
	p.gets(0, "runpipe", "verify")
}
