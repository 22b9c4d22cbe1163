package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

var update = flag.Bool("update", false, "write the golden files anew")

// pinned is a world in which every clone is pinned and holds pinnedFiles.
type pinned struct{}

func (pinned) Pin(address string) (git.Pin, bool) {
	return git.Pin{Commit: strings.Repeat("1f2e3d4c", 5), Tree: strings.Repeat("ab", 20), Digest: "tree-of-" + address}, true
}

func (pinned) Requirements(_ stages.Address, path string) (*stages.Requirements, error) {
	return stages.ReadPinned(func(path string) ([]byte, error) {
		content, ok := pinnedFiles[path]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		}
		return []byte(content), nil
	}, path)
}

var pinnedFiles = map[string]string{
	"requirements.txt": "keras==3.6.0\n",
	"pyproject.toml":   "[build-system]\nrequires = [\"setuptools\"]\n[project]\nname = \"code\"\n[project.optional-dependencies]\ncli = []\ngpu = []\n[dependency-groups]\ntrain = []\n",
	"uv.lock":          "version = 1\n",
}

func (pinned) Packages(asked python.Asked) (*python.Lock, bool) {
	return &python.Lock{Python: "3.11", Platform: asked.Platform, Packages: []python.Package{
		{Name: "keras", Version: "3.6.0", Files: map[string]string{"keras-3.6.0-py3-none-any.whl": "sha256:" + strings.Repeat("0f", 32)}},
	}}, true
}

func (pinned) Data(asked string) (stages.DataPin, bool) {
	if strings.HasPrefix(asked, "https://huggingface.co/") || strings.HasPrefix(asked, "https://hub.") {
		files := []stages.DataFile{{Path: "config.json", SHA256: strings.Repeat("d6", 32), Size: 7}}
		return stages.DataPin{Commit: strings.Repeat("c0", 20), Size: 7, Files: files}, true
	}
	return stages.DataPin{SHA256: strings.Repeat("d5", 32), Size: 5}, true
}

func (pinned) FileDigest(path string) (string, error) { return stages.FileDigest(path) }

func (pinned) Output(key, path string) string { return "/w/.runpipe/store/" + key + "/outputs/" + path }
func (pinned) Root() string                   { return "/w/.runpipe" }

// unpinned is a world in which nothing was pinned.
type unpinned struct{ pinned }

func (unpinned) Pin(string) (git.Pin, bool) { return git.Pin{}, false }

func rendered(diags hcl.Diagnostics, p *Pipeline) string {
	var out bytes.Buffer
	if err := WriteDiagnostics(&out, diags, p.Files, WriteOptions{Width: 100}); err != nil {
		return err.Error()
	}
	return out.String()
}

// mustLoad loads a text that has no faults, as a file in testdata/good.
func mustLoad(t testing.TB, src string, o Options) *Pipeline {
	t.Helper()
	p, diags := LoadSource("testdata/good/inline.hcl", []byte(src), o)
	if len(diags) > 0 {
		t.Fatal(rendered(diags, p))
	}
	return p
}

func mustEvaluate(t testing.TB, p *Pipeline) *Evaluated {
	t.Helper()
	e, diags := p.Evaluate(pinned{})
	if len(diags) > 0 {
		t.Fatal(rendered(diags, p))
	}
	return e
}

// faultsOf is the summaries of what is wrong with a text, in their order.
func faultsOf(src string, o Options) ([]string, string) {
	p, diags := LoadSource("testdata/good/inline.hcl", []byte(src), o)
	var summaries []string
	for _, d := range diags {
		summaries = append(summaries, d.Summary)
	}
	return summaries, rendered(diags, p)
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is missing: run the test with -update", path)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// snapshot is what was evaluated as JSON, with no path of this machine in it.
func snapshot(t *testing.T, p *Pipeline, e *Evaluated) []byte {
	t.Helper()
	type output struct{ Name, Text string }
	shown := struct {
		Name    string
		Stages  []map[string]any
		Outputs []output
	}{Name: p.Name}
	for _, s := range e.Stages {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string]any{}
		if err := json.Unmarshal(data, &fields); err != nil {
			t.Fatal(err)
		}
		delete(fields, "Range")
		for name, value := range fields {
			if empty(value) {
				delete(fields, name)
			}
		}
		for _, c := range s.Checks {
			fields["Scope of "+c.Name] = string(c.Scope)
		}
		shown.Stages = append(shown.Stages, fields)
	}
	for _, o := range e.Outputs {
		shown.Outputs = append(shown.Outputs, output{o.Name, o.Text})
	}
	data, err := json.MarshalIndent(shown, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.ReplaceAll(data, []byte(p.Dir), []byte("<dir>")), '\n')
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

func TestGoodPipelines(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			o := Options{Path: file, Environ: []string{"RUNPIPE_VAR_token=hunter2"}}
			p, diags := Load(o)
			if len(diags) > 0 {
				t.Fatal(rendered(diags, p))
			}
			got := snapshot(t, p, mustEvaluate(t, p))
			golden(t, strings.TrimSuffix(file, ".hcl")+".json", got)
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if formatted := Format(source); !bytes.Equal(formatted, source) {
				t.Errorf("the fixture is not formatted:\n%s", cmp.Diff(string(source), string(formatted)))
			}
		})
	}
}

func TestEvaluateIsDeterministic(t *testing.T) {
	var first []byte
	for range 50 {
		p, diags := Load(Options{Path: "testdata/good/mnist.hcl"})
		if len(diags) > 0 {
			t.Fatal(rendered(diags, p))
		}
		got := snapshot(t, p, mustEvaluate(t, p))
		if first == nil {
			first = got
		} else if !bytes.Equal(first, got) {
			t.Fatal(cmp.Diff(string(first), string(got)))
		}
	}
}
