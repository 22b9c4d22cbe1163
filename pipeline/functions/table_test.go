package functions

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/runpipe/runpipe/stages"
)

// stage is the mark that a reference to another stage carries here.
const stage = "train.cnn"

// scope has one value of each kind that a pipeline meets.
func scope(t testing.TB) *hcl.EvalContext {
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	model := cty.StringVal("/work/store/ab12/outputs/model.npz").Mark(stage)
	return &hcl.EvalContext{
		Functions: Table(dir),
		Variables: map[string]cty.Value{
			"model":   model,
			"models":  cty.ListVal([]cty.Value{model, cty.StringVal("plain")}),
			"outputs": cty.ObjectVal(map[string]cty.Value{"model": model, "other": cty.StringVal("plain")}),
			"text":    cty.UnknownVal(cty.String),
			"number":  cty.UnknownVal(cty.Number),
			"list":    cty.UnknownVal(cty.List(cty.String)),
			"any":     cty.DynamicVal,
			"part":    cty.ObjectVal(map[string]cty.Value{"known": cty.StringVal("k"), "unknown": cty.UnknownVal(cty.String)}),
			"bools":   cty.ListVal([]cty.Value{cty.UnknownVal(cty.Bool), cty.True}),
			"secret":  cty.StringVal("hunter2").Mark(stages.Sensitive),
			"dir":     cty.StringVal(dir),
		},
	}
}

// result is what an expression gives, in one line: JSON, "unknown", or "ERROR:"
// and the reason; followed by the marks in it.
func result(expression string, scope *hcl.EvalContext) string {
	parsed, diags := hclsyntax.ParseExpression([]byte(expression), "test", hcl.InitialPos)
	if diags.HasErrors() {
		return "SYNTAX: " + diags.Error()
	}
	v, diags := parsed.Value(scope)
	if diags.HasErrors() {
		return "ERROR: " + diags.Error()
	}
	v, marks := v.UnmarkDeep()
	text := "unknown"
	if v.IsWhollyKnown() {
		data, err := ctyjson.Marshal(v, v.Type())
		if err != nil {
			return "UNENCODABLE: " + err.Error()
		}
		text = string(data)
	}
	if _, ok := marks[stage]; ok {
		text += " from " + stage
	}
	if _, ok := marks[stages.Sensitive]; ok {
		text += " sensitive"
	}
	return text
}

func TestFunctions(t *testing.T) {
	scope := scope(t)
	covered := map[string]bool{}
	for _, c := range cases {
		name, _, _ := strings.Cut(c.expression, "(")
		covered[name] = true
		got := result(c.expression, scope)
		if fault, ok := strings.CutPrefix(c.want, "ERROR: "); ok {
			if !strings.HasPrefix(got, "ERROR: ") || !strings.Contains(got, fault) {
				t.Errorf("%s\n gives %s\n want an error with %q", c.expression, got, fault)
			}
		} else if got != c.want {
			t.Errorf("%s\n gives %s\n want  %s", c.expression, got, c.want)
		}
	}
	for _, name := range Names() {
		if !covered[name] {
			t.Errorf("%s has no case in this table", name)
		}
	}
}

func TestNamesAreSortedAndDescribed(t *testing.T) {
	names, table := Names(), Table("")
	if !slices.IsSorted(names) {
		t.Error("Names is not sorted")
	}
	if len(slices.Compact(slices.Clone(names))) != len(table) || len(names) != len(table) {
		t.Errorf("%d names for %d functions", len(names), len(table))
	}
	for _, name := range names {
		text := table[name].Description()
		if !strings.HasSuffix(text, ".") || strings.Contains(text, "\n") || len(text) > 100 {
			t.Errorf("%s: the description %q is not one short sentence", name, text)
		}
	}
}

// TestNothingImpure names what must never come in: these depend on when and
// where a pipeline is planned.
func TestNothingImpure(t *testing.T) {
	table := Table("")
	for _, name := range []string{"timestamp", "plantimestamp", "uuid", "bcrypt", "pathexpand", "abspath", "env", "getenv"} {
		if _, ok := table[name]; ok {
			t.Errorf("%s is not a pure function", name)
		}
	}
}

// TestErrorsKeepSecrets puts a sensitive value where no function wants it.
func TestErrorsKeepSecrets(t *testing.T) {
	scope := scope(t)
	for _, name := range Names() {
		for _, arguments := range []string{"secret", "secret, secret", "\"x\", secret", "secret, {}", "secret, 10", "[secret]", "1, secret, secret"} {
			expression := name + "(" + arguments + ")"
			if got := result(expression, scope); strings.Contains(got, "hunter2") && !strings.HasSuffix(got, " sensitive") {
				t.Errorf("%s gives away the secret: %s", expression, got)
			}
		}
	}
}
