package pipeline

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// FuzzLoad: no text makes the loader panic, and what it finds can be shown. A
// pipeline without faults evaluates without a panic as well, its formatting is
// stable and means the same, and the texts of its checks can be read again.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.hcl", "testdata/faults/*.hcl"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(data))
		}
	}
	f.Add(everywhere)
	for _, reference := range []string{"null", "clone.a", "train.t.outputs", "clone.a.path", "var.secret", "local.mixed", "{ (clone.a.path) = [var.secret] }", "[for k, v in train.t : v]"} {
		f.Add(strings.ReplaceAll(everywhere, "@", reference))
	}
	options := Options{Environ: []string{"RUNPIPE_VAR_secret=hunter2"}}
	f.Fuzz(func(t *testing.T, src string) {
		p, diags := LoadSource("testdata/good/fuzz.hcl", []byte(src), options)
		shown := rendered(diags, p)
		if _, err := DiagnosticsJSON(diags, p.Files); err != nil {
			t.Fatal(err)
		}
		secret := p.variables["secret"] != nil && p.variables["secret"].sensitive
		if secret && strings.Contains(shown, "hunter2") && !strings.Contains(src, "hunter2") {
			t.Fatal("a sensitive value is shown:\n", shown)
		}
		if diags.HasErrors() {
			return
		}
		e, diags := p.Evaluate(pinned{})
		rendered(diags, p)
		if e == nil {
			return
		}
		for _, s := range e.Stages {
			for _, c := range s.Checks {
				for _, text := range []string{c.Condition, c.Message} {
					if _, diags := hclsyntax.ParseExpression([]byte(text+"\n"), "check", hcl.InitialPos); diags.HasErrors() {
						t.Fatalf("%q cannot be read again: %s", text, diags)
					}
				}
			}
		}
		formatted := Format([]byte(src))
		if !bytes.Equal(Format(formatted), formatted) {
			t.Fatal("formatting twice is not formatting once")
		}
		if _, diags := LoadSource("testdata/good/fuzz.hcl", formatted, options); diags.HasErrors() {
			t.Fatal("formatting made a fault:\n", diags)
		}
	})
}

// everywhere has an argument of each sort, for any reference to be put in at @.
const everywhere = `
variable "secret" {
  sensitive = true
}
variable "n" {
  default = [1, 2]
}
locals {
  mixed = { a = clone.a, b = var.secret, c = train.t.outputs }
  here  = @
}
defaults {
  resources {
    cpus = @
    time = @
  }
  slurm {
    options = @
  }
}
clone "a" {
  repository = "."
}
clone "b" {
  repository = @
  ref        = @
  paths      = @
}
environment "e" {
  modules      = @
  python       = @
  source       = @
  requirements = @
}
environment "p" {
  packages = @
}
train "t" {
  command = ["x"]
  outputs = { o = "o" }
  metric "m" { pattern = "(x)" }
}
stage "s" {
  source      = @
  environment = @
  dir         = @
  files       = @
  command     = @
  launcher    = @
  env         = @
  pass_env    = @
  outputs     = @
  metrics     = @
  after       = @
  metric "x" { pattern = @ }
  metric "y" { value = @ }
  check "c" {
    condition     = @
    error_message = @
    warn          = @
  }
  resources {
    gpus           = @
    gpu_type       = @
    memory         = @
    nodes          = @
    tasks_per_node = @
  }
  slurm {
    partition = @
    exclusive = @
    nice      = @
  }
}
stage "u" {
  command = ["x", @, [@]]
  files   = { a = @ }
  env     = { A = @ }
  outputs = { a = @ }
  after   = [@]
}
stage "v" {
  script = <<-EOT
    x ${@}
  EOT
}
output "o" {
  value     = @
  sensitive = @
}
`

// TestReferencesEverywhere puts each sort of value into each argument.
func TestReferencesEverywhere(t *testing.T) {
	for _, value := range []string{
		"null", "true", "1.5", `"text"`, `""`, "[]", "{}", "[null]", "{ a = null }", `[["x"], { a = "b" }]`,
		"clone.a", "clone.a.path", "clone.a.commit", "clone.a.repository", "[clone.a]", "{ a = clone.a }", "[clone.a.path]",
		"environment.p", "train.t", "train.t.outputs", "train.t.outputs.o", "train.t.outputs.nope", "[train.t, clone.a]",
		"var.secret", "[var.secret]", "{ a = var.secret }", "{ (var.secret) = 1 }", "toset([var.secret])", "var.n", "toset(var.n)",
		"local.mixed", "local.here", "metrics", "metrics.x", "train.t.metrics", "train.t.metrics.m", "train", "nope", "nope.x", "each.key",
		`"${clone.a.path}/x"`, `"${clone.a.path}${train.t.outputs.o}"`, `"${clone.a.path}/../x"`, `try(clone.a.nope, "x")`, "can(nope.x)",
		"clone.a[*].path", "values(train.t)[*]", "[for k, v in clone.a : v]", "{ for k, v in clone.a : v => k }", "var.n[*]",
		`clone.a.path == "" ? clone.a : train.t`, `var.secret == "" ? "a" : "b"`, "1 / 0", "jsonencode(local.mixed)", "clone.a.path.x", `clone.a["path"]`,
		`"\u0000"`, `"a\nb"`, `{ "" = "" }`, "-clone.a", "!var.secret", "1e400", "1e99999", "range(3)", `"${"x"}"`, "<<EOT\nx\nEOT\n", "(\n1\n)",
	} {
		src := strings.ReplaceAll(everywhere, "@", value)
		p, diags := LoadSource("testdata/good/fuzz.hcl", []byte(src), Options{Environ: []string{"RUNPIPE_VAR_secret=hunter2"}})
		if shown := rendered(diags, p); strings.Contains(shown, "hunter2") {
			t.Errorf("%s: a sensitive value is shown:\n%s", value, shown)
		}
	}
	for _, value := range []string{
		"null", `"text"`, "[null]", "{ a = null }", "clone.a", "clone.a.path", "[clone.a]", "{ a = clone.a }", "train.t.outputs.o", "train.t.metrics.m",
		"var.secret", "[var.secret]", "{ a = var.secret }", `"x ${var.secret}"`, `"${clone.a.path}/../x"`,
	} {
		for _, line := range strings.Split(everywhere, "\n") { // one argument at a time, the others left out
			if name, _, isArgument := strings.Cut(line, "@"); isArgument && strings.Contains(name, "=") {
				single(t, value, line)
			}
		}
	}
}

// single loads the file with one argument alone, so that it may be without fault
// and be evaluated.
func single(t *testing.T, value, kept string) {
	var src strings.Builder
	for _, line := range strings.Split(everywhere, "\n") {
		switch {
		case line == kept:
			src.WriteString(strings.ReplaceAll(line, "@", value))
		case strings.Contains(line, "repository = @"):
			src.WriteString(`repository = "."`)
		case strings.Contains(line, "condition     = @"):
			src.WriteString("condition = true")
		case strings.Contains(line, "error_message = @"):
			src.WriteString(`error_message = "x"`)
		case strings.Contains(line, "metric ") && strings.Contains(line, "@"):
		case strings.Contains(line, "  command     = @"):
			src.WriteString(`command = ["x"]`)
		case strings.Contains(line, "value     = @"):
			src.WriteString("value = 1")
		case strings.Contains(line, "${@}"):
			src.WriteString("x")
		case strings.Contains(line, "command = ["):
			src.WriteString(`command = ["x"]`)
		case !strings.Contains(line, "@"):
			src.WriteString(line)
		}
		src.WriteString("\n")
	}
	p, diags := LoadSource("testdata/good/fuzz.hcl", []byte(src.String()), Options{Environ: []string{"RUNPIPE_VAR_secret=hunter2"}})
	shown := rendered(diags, p)
	if strings.Contains(shown, "hunter2") {
		t.Errorf("%s: a sensitive value is shown:\n%s", value, shown)
	}
	if diags.HasErrors() {
		return
	}
	e, diags := p.Evaluate(pinned{})
	rendered(diags, p)
	if e == nil {
		return
	}
	for _, s := range e.Stages {
		s.Secrets = nil
	}
	if strings.Contains(string(snapshot(t, p, e)), "hunter2") {
		t.Errorf("%s in %s: a sensitive value is in a stage", value, kept)
	}
}
