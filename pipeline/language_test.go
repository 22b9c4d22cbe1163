package pipeline

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/pipeline/check"
	"github.com/runpipe/runpipe/stages"
)

func stageCalled(t *testing.T, e *Evaluated, address string) *stages.Stage {
	t.Helper()
	for _, s := range e.Stages {
		if s.Address.String() == address {
			return s
		}
	}
	t.Fatalf("there is no %s", address)
	return nil
}

func everything(t *testing.T) (*Pipeline, *Evaluated) {
	t.Helper()
	p, diags := Load(Options{Path: "testdata/good/everything.hcl", Environ: []string{"RUNPIPE_VAR_token=hunter2"}})
	if len(diags) > 0 {
		t.Fatal(rendered(diags, p))
	}
	return p, mustEvaluate(t, p)
}

func TestClonesTellWhatIsToBePinned(t *testing.T) {
	p, _ := everything(t)
	clones := p.Clones()
	if len(clones) != 2 || clones[0].Address.Name != "code" || clones[1].Address.Name != "data" {
		t.Fatalf("got %v", clones)
	}
	code, data := clones[0], clones[1]
	if code.Repository != "https://user:password@example.org/me/code.git" || !slices.Equal(code.Requirements, []string{"requirements.txt"}) {
		t.Errorf("got %+v", code)
	}
	if data.Repository != ".." || data.Ref != "v1.0" || !slices.Equal(data.Paths, []string{"images", "labels.csv"}) || len(data.Requirements) > 0 {
		t.Errorf("got %+v", data)
	}
	if src := string(data.Range.SliceBytes(p.Files[data.Range.Filename].Bytes)); src != `"v1.0"` {
		t.Errorf("the range of the ref is that of %s", src)
	}
}

func TestSecretsTravelApart(t *testing.T) {
	p, e := everything(t)
	s := stageCalled(t, e, "train.cnn")
	want := map[string]string{"TOKEN": "hunter2", "HEADER": "Bearer hunter2"}
	if diff := cmp.Diff(want, s.Secrets); diff != "" {
		t.Error(diff)
	}
	s.Secrets = nil
	if text := string(snapshot(t, p, e)); strings.Contains(text, "hunter2") || strings.Contains(text, "password") {
		t.Error("a secret is part of something else")
	}
	changed, _ := Load(Options{Path: "testdata/good/everything.hcl", Environ: []string{"RUNPIPE_VAR_token=another"}})
	if key := stageCalled(t, mustEvaluate(t, changed), "train.cnn").Key; key != s.Key {
		t.Error("a new secret changes the stage's key")
	}
}

// TestChecksAreJudged reads the kept texts and scope again where they are judged.
func TestChecksAreJudged(t *testing.T) {
	_, e := everything(t)
	s := stageCalled(t, e, "evaluate.accuracy")
	upstreams := map[string]map[string]float64{"train.baseline": {"accuracy": 0.7}}
	good := check.Judge(s.Checks, nil, map[string]float64{"accuracy": 0.8}, upstreams)
	bad := check.Judge(s.Checks, nil, map[string]float64{"accuracy": 0.6}, upstreams)
	for i := range s.Checks {
		if !good[i].Passed || bad[i].Passed {
			t.Errorf("%s: got %+v and %+v", s.Checks[i].Name, good[i], bad[i])
		}
	}
	if got := strings.TrimSpace(bad[0].Message); got != "accuracy 0.6 is below 0.75" {
		t.Errorf("got the message %q", got)
	}
	if !slices.Contains(s.After, "train.baseline") || slices.Contains(s.Inputs, "train.baseline") {
		t.Errorf("after %v, inputs %v", s.After, s.Inputs)
	}
}

func TestDependenciesComeFromValues(t *testing.T) {
	p := mustLoad(t, `
clone "a" { repository = "." }
clone "b" { repository = "." }
variable "second" { default = true }
locals {
  both  = { a = clone.a.path, b = clone.b.path }
  which = var.second ? local.both.b : local.both.a
}
stage "s" {
  command = ["x", local.which, clone.a.commit, clone.a.repository]
}
`, Options{})
	s := stageCalled(t, mustEvaluate(t, p), "stage.s")
	if !slices.Equal(s.After, []string{"clone.b"}) || !slices.Equal(s.Inputs, s.After) {
		t.Errorf("after %v, inputs %v", s.After, s.Inputs)
	}
}

func TestStagesAreInOrder(t *testing.T) {
	p := mustLoad(t, `
stage "a" {
  command = ["x"]
  after   = [stage.z, stage.m]
}
stage "m" { command = ["x"] }
stage "b" { command = ["x"] }
stage "z" {
  command = ["x"]
  after   = [stage.m]
}
stage "k" {
  command = ["x"]
  after   = [stage.b]
}
stage "c" {
  command = ["x"]
  after   = [stage.b]
}
`, Options{})
	var order []string
	for _, s := range mustEvaluate(t, p).Stages {
		order = append(order, s.Address.Name)
	}
	if !slices.Equal(order, []string{"b", "c", "k", "m", "z", "a"}) {
		t.Errorf("got %v", order)
	}
}

func TestVariablesAreSetInOrder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "v.hcl")
	if err := os.WriteFile(file, []byte("b = 2\nc = [1, 2]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	src := `
variable "a" { type = string }
variable "b" { type = number }
variable "c" {}
variable "d" { default = "x" }
output "o" { value = [var.a, var.b, var.c, var.d] }
`
	o := Options{
		Environ:  []string{"RUNPIPE_VAR_a=1", "RUNPIPE_VAR_b=1", "RUNPIPE_VAR_c=1", "RUNPIPE_VAR_d=[1]", "RUNPIPE_VAR_unknown=1", "HOME=/x"},
		VarFiles: []string{file},
		Vars:     []string{"c=plain text", "a=5", "a=x=y"},
	}
	e := mustEvaluate(t, mustLoad(t, src, o))
	if got, want := e.Outputs[0].Text, `["x=y",2,"plain text","[1]"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestASecretIsNeverShown gives sensitive variables values that do not fit.
func TestASecretIsNeverShown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "v.hcl")
	for _, content := range []string{"secret = \"hunter2\"", "secret = [hunter2", "secret = hunter2", "secret = { hunter2 = 1 }", "other = \"hunter2\" + 1"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, o := range []Options{
			{VarFiles: []string{file}}, {Vars: []string{"secret=hunter2"}}, {Vars: []string{"secret=[hunter2"}}, {Vars: []string{"secret={ hunter2 = 1 }"}},
		} {
			faults, text := faultsOf("variable \"secret\" {\n  type      = number\n  sensitive = true\n}\nvariable \"other\" { default = 1 }\n", o)
			if len(faults) == 0 || strings.Contains(text, "hunter2") {
				t.Errorf("%s %v:\n%s", content, o.Vars, text)
			}
		}
	}
}

// TestAMisspeltSensitiveIsSensitive: what is not understood is not shown.
func TestAMisspeltSensitiveIsSensitive(t *testing.T) {
	faults, text := faultsOf("variable \"secret\" {\n  type     = number\n  sensitve = true\n}\n", Options{Vars: []string{"secret=hunter2"}})
	if len(faults) != 1 || strings.Contains(text, "hunter2") || !strings.Contains(text, `Did you mean "sensitive"?`) {
		t.Errorf("got:\n%s", text)
	}
}

func TestOutputs(t *testing.T) {
	_, e := everything(t)
	var got []string
	for _, o := range e.Outputs {
		got = append(got, o.Name+"="+string(o.JSON))
	}
	if len(got) != 3 || !strings.HasPrefix(got[0], `about={"commit":"1f2e3d4c`) || !strings.HasSuffix(got[1], `/outputs/model.pt"`) || got[2] != "token=null" {
		t.Errorf("got %q", got)
	}
	if strings.Contains(strings.Join(got, ""), "password") {
		t.Error("a password is shown")
	}
}

func TestEvaluateNeedsPins(t *testing.T) {
	p := mustLoad(t, "clone \"a\" { repository = \".\" }\nstage \"s\" {\n  source = clone.a\n  command = [\"x\"]\n}\n", Options{})
	e, diags := p.Evaluate(unpinned{})
	if e != nil || len(diags) != 1 || diags[0].Summary != "Clone without a pin" {
		t.Errorf("got %v, %v", e, diags)
	}
}

// TestEvaluateDigestsFiles: a file beside the pipeline is part of the key.
func TestEvaluateDigestsFiles(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("p.hcl", "stage \"s\" {\n  command = [\"x\"]\n  files = { data = \"data\", \"one\" = \"data/a\" }\n}\n")
	write("data/a", "1")
	key := func() (string, []stages.File) {
		p, diags := Load(Options{Path: filepath.Join(folder, "p.hcl")})
		if len(diags) > 0 {
			t.Fatal(rendered(diags, p))
		}
		s := stageCalled(t, mustEvaluate(t, p), "stage.s")
		return s.Key, s.Files
	}
	before, files := key()
	if !files[0].Folder || files[1].Folder || files[0].Digest == "" || files[1].Digest == "" || files[0].From != filepath.Join(folder, "data") {
		t.Errorf("got %+v", files)
	}
	write("data/b", "2")
	after, _ := key()
	if before == after {
		t.Error("a new file in the folder leaves the key as it was")
	}
	p, _ := Load(Options{Path: filepath.Join(folder, "p.hcl")})
	if err := os.RemoveAll(filepath.Join(folder, "data")); err != nil {
		t.Fatal(err)
	}
	if _, diags := p.Evaluate(pinned{}); len(diags) != 2 || diags[0].Summary != "Missing file" {
		t.Errorf("got %v", diags)
	}
}

func TestPathsMustStayInTheStage(t *testing.T) {
	p := mustLoad(t, "clone \"a\" { repository = \".\" }\nstage \"s\" {\n  command = [\"x\"]\n  files = { a = \"${clone.a.path}/../../x\" }\n}\n", Options{})
	if _, diags := p.Evaluate(pinned{}); len(diags) != 1 || diags[0].Summary != "Invalid path" {
		t.Errorf("got %v", diags)
	}
}

func TestLoadTellsWhatCannotBeRead(t *testing.T) {
	for path, want := range map[string]string{
		"testdata/good/mnsit.hcl": "Did you mean testdata/good/mnist.hcl?",
		"testdata/good":           "is a folder",
		"/dev/null":               "not a regular file",
	} {
		p, diags := Load(Options{Path: path})
		if p == nil || len(diags) != 1 || !strings.Contains(diags[0].Detail, want) {
			t.Errorf("%s: got %v, want %q", path, diags, want)
		}
	}
}

func TestVersionConstraints(t *testing.T) {
	for constraint, want := range map[string]bool{
		">= 0.1.0": true, "0.1": true, "= 0.1.0": true, "!= 0.1.0": false, "> 0.1.0": false, "< 1": true, "<= 0.0.9": false,
		"~> 0.1": true, "~> 0.1.0": true, "~> 0.0": true, "~> 0.0.9": false, "~> 0": true, ">= 0.1, < 0.2": true, ">= 0.1, < 0.1": false, "~>1": false,
	} {
		if got, err := satisfies("0.1.0", constraint); err != nil || got != want {
			t.Errorf("%s: got %v, %v", constraint, got, err)
		}
	}
	if holds, _ := satisfies("0.2.0", "~> 0.1.0"); holds {
		t.Error("~> 0.1.0 allows 0.2.0")
	}
	if holds, _ := satisfies("0.9.0", "~> 0.1"); !holds {
		t.Error("~> 0.1 does not allow 0.9")
	}
	for _, wrong := range []string{"", "latest", ">= 1.2.3.4", ">=", "1.x"} {
		if _, err := satisfies("0.1.0", wrong); err == nil {
			t.Errorf("%q is taken for a constraint", wrong)
		}
	}
}

func TestFormat(t *testing.T) {
	for src, want := range map[string]string{
		"":                          "",
		"\n\n":                      "",
		"a=1\r\nbcd = 2":            "a   = 1\nbcd = 2\n",
		"x {\na=1\n   b = {c=2}\n}": "x {\n  a = 1\n  b = { c = 2 }\n}\n",
		"x {\n":                     "x {\n",
	} {
		got := Format([]byte(src))
		if string(got) != want {
			t.Errorf("%q: got %q, want %q", src, got, want)
		}
		if again := Format(got); string(again) != string(got) {
			t.Errorf("%q: formatted again it is %q", src, again)
		}
	}
}
