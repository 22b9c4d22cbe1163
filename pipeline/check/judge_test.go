package check

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
)

const file = `{"accuracy": 0.9731, "loss": 0.08, "single": 0.9731000065803528, "n": 2000, "model": "cnn",
	"per_class": [0.99, 0.95], "results": {"acc,none": 0.41, "hellaswag": {"acc": 0.62}}}`

var upstreams = map[string]map[string]float64{
	"train.cnn":               {"loss": 0.25, "test.loss": 0.5},
	`train.grid["lr=0.1"]`:    {"loss": 0.3},
	`train.grid["lr=0.01"]`:   {"loss": 0.4},
	"evaluate.base":           {"accuracy": 0.9},
	"evaluate.without_metric": {},
}

func scopeJSON(t *testing.T) []byte {
	data, err := json.Marshal(ctyjson.SimpleJSONValue{Value: cty.ObjectVal(map[string]cty.Value{
		"var":    cty.ObjectVal(map[string]cty.Value{"bound": cty.MustParseNumberVal("0.98")}),
		"local":  cty.ObjectVal(map[string]cty.Value{"names": cty.SetVal([]cty.Value{cty.StringVal("cnn")})}),
		"matrix": cty.ObjectVal(map[string]cty.Value{"seed": cty.NumberIntVal(3)}),
	})})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t *testing.T) any {
	results, err := Results([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func TestJudge(t *testing.T) {
	results := decode(t)
	for _, c := range []struct{ condition, message, want string }{ // want "": it passed
		{`metrics.accuracy >= 0.97`, `"low"`, ""},
		{`metrics.accuracy >= 0.9731`, `"low"`, ""},
		{`metrics.accuracy >= var.bound`, `"accuracy ${metrics.accuracy} is below ${var.bound}"`, "accuracy 0.9731 is below 0.98"},
		{`metrics["accuracy"] > 1 || metrics.n < 1`, `"n is ${metrics.n}"`, "n is 2000"},
		{`metrics.accuracy - metrics.loss > 0.9`, `"only ${metrics.accuracy - metrics.loss}, a ${metrics.loss / 3} of it"`, "only 0.8931, a 0.02666666667 of it"},
		{`metrics.single > 1`, `"${metrics.single}"`, "0.9731"},
		{`metrics.single > 1`, `format("%.2f", metrics.single)`, "0.97"},
		{`metrics.results["acc,none"] > 0.4`, `""`, ""},
		{`metrics.results.hellaswag.acc > 0.4`, `""`, ""},
		{`min(metrics.per_class...) > 0.9`, `""`, ""},
		{`alltrue([for a in metrics.per_class : a > 0.96])`, `"a class is below 0.96"`, "a class is below 0.96"},
		{`contains(local.names, metrics.model)`, `""`, ""},
		{`metrics.named == 7 && metrics.loss == 0.1`, `"the named metric does not win: ${metrics.loss}"`, ""},
		{`train.cnn.metrics.loss > metrics.loss`, `""`, ""},
		{`train.cnn.metrics.test.loss == 0.5 && train.cnn.metrics["test.loss"] == 0.5`, `""`, ""},
		{`train.grid["lr=0.1"].metrics.loss == 0.3`, `""`, ""},
		{`length(values(train.grid)[*].metrics.loss) == 2`, `""`, ""},
		{`metrics.accuracy > evaluate.base.metrics.accuracy + 0.5`, `"no better"`, "no better"},
		{`matrix.seed == 3`, `""`, ""},
		{`"true"`, `""`, ""},
		{`try(metrics.absent, 1) == 1`, `""`, ""},
		{"metrics.accuracy > 1", "<<EOT\naccuracy is ${metrics.accuracy},\nas before\nEOT", "accuracy is 0.9731,\nas before"},
		{"<<EOT\ntrue\nEOT", `""`, "the check could not be judged: the condition is neither true nor false"},
		{`metrics.acuracy > 0`, `""`, `the check could not be judged: there is no metric "acuracy" in metrics; did you mean "accuracy"?`},
		{`metrics["Accuracy"] > 0`, `""`, `the check could not be judged: there is no metric "Accuracy" in metrics; did you mean "accuracy"?`},
		{`metrics.results["acc,nonee"] > 0`, `""`, `the check could not be judged: there is no metric "acc,nonee" in metrics.results; did you mean "acc,none"?`},
		{`train.cnn.metrics.f1 > 0`, `""`, `the check could not be judged: there is no metric "f1" in train.cnn.metrics; there are loss, test, test.loss`},
		{`evaluate.without_metric.metrics.f1 > 0`, `""`, `the check could not be judged: there is no metric "f1" in evaluate.without_metric.metrics; there are none`},
		{`try(metrics.absent, 1) == 1 && metrics.f1 > 0`, `""`, `the check could not be judged: there is no metric "f1" in metrics; there are accuracy, loss, model, n, named, per_class, results, single`},
		{`metrics.model > 0.9`, `""`, `the check could not be judged: Invalid operand: Unsuitable value for left operand: a number is required.`},
		{`metrics.accuracy`, `""`, `the check could not be judged: the condition is neither true nor false`},
		{`null`, `""`, `the check could not be judged: the condition is neither true nor false`},
		{`metrics.accuracy >`, `""`, `the check could not be judged: Missing expression: Expected the start of an expression, but found the end of the file.`},
		{`fileexists("bound.json")`, `""`, `the check could not be judged: Invalid function argument: Invalid value for "path" parameter: no file can be read here, since a check is judged inside the job: read it into a local, and use that.`},
		{`metrics.accuracy > 1`, `"${metrics.acc}"`, `the check did not hold (its message could not be made: there is no metric "acc" in metrics; there are accuracy, loss, model, n, named, per_class, results, single)`},
		{`metrics.accuracy > 1`, `metrics`, `the check did not hold (its message could not be made: a part of it is not a text)`},
	} {
		check := stages.Check{Name: "c", Condition: c.condition, Message: c.message, Scope: scopeJSON(t)}
		metrics := map[string]float64{"accuracy": 0.9731, "loss": 0.08, "named": 7}
		if strings.Contains(c.condition, "named == 7") {
			metrics["loss"] = 0.1
		}
		got := Judge([]stages.Check{check}, results, metrics, upstreams)
		want := []record.Check{{Name: "c", Passed: c.want == "", Message: c.want}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", c.condition, diff)
		}
	}
}

func TestJudgeKeepsOrderAndWarnings(t *testing.T) {
	got := Judge([]stages.Check{
		{Name: "b", Condition: "metrics.n > 1", Message: `"few"`, Warn: true},
		{Name: "a", Condition: "metrics.n > 9", Message: `"few"`, Warn: true},
	}, nil, map[string]float64{"n": 5}, nil)
	want := []record.Check{{Name: "b", Passed: true, Warn: true}, {Name: "a", Warn: true, Message: "few"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	damaged := stages.Check{Name: "c", Condition: "true", Message: `""`, Scope: []byte("{")}
	if v := Judge([]stages.Check{damaged}, nil, nil, nil)[0]; v.Passed || !strings.Contains(v.Message, "its variables are damaged") {
		t.Errorf("a damaged scope gives %+v", v)
	}
}

// TestStoredMetricsAreJudgedAlike: a record gives numbers back as float64, in
// which 0.98 is a little less than the language's own 0.98.
func TestStoredMetricsAreJudgedAlike(t *testing.T) {
	check := []stages.Check{{Name: "c", Condition: "metrics.accuracy >= 0.98 && metrics.accuracy <= 0.98 && metrics.test.loss == 0.1", Message: `"no"`}}
	for _, results := range []any{
		map[string]any{"accuracy": json.Number("0.98"), "test": map[string]any{"loss": json.Number("0.1")}},
		map[string]any{"accuracy": 0.98, "test": map[string]any{"loss": 0.1}},
	} {
		if v := Judge(check, results, Numbers(results), nil)[0]; !v.Passed {
			t.Errorf("%T: %+v", results.(map[string]any)["accuracy"], v)
		}
	}
}

func TestValue(t *testing.T) {
	results := decode(t)
	for source, want := range map[string]float64{
		`metrics.results["acc,none"]`:                     0.41,
		`metrics.per_class[1]`:                            0.95,
		`1 - metrics.accuracy`:                            0.0269,
		`sum(metrics.per_class) / 2`:                      0.97,
		`"${metrics.n}"`:                                  2000,
		`[for a in metrics.per_class : a if a > 0.96][0]`: 0.99,
	} {
		got, err := Value(stages.Metric{Name: "m", Value: source}, results)
		if err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", source, got, err, want)
		}
	}
	for source, want := range map[string]string{
		`metrics.acuracy`: `metric "m": there is no metric "acuracy" in metrics; did you mean "accuracy"?`,
		`metrics.model`:   `metric "m": its value is not a number`,
		`null`:            `metric "m": its value is not a number`,
		`1e400`:           `metric "m": its value is not a finite number`,
		`1 / 0`:           `metric "m": its value is not a finite number`,
		`train.cnn`:       `metric "m": Unknown variable`,
		`metrics.`:        `metric "m": Invalid attribute name`,
	} {
		got, err := Value(stages.Metric{Name: "m", Value: source}, results)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %v, %v; want an error with %q", source, got, err, want)
		}
	}
}

func TestReadable(t *testing.T) {
	for number, want := range map[string]string{
		"0.98": "0.98", "0.30000000000000004": "0.3", "0.979999": "0.979999", "12345.678": "12345.678",
		"0.02541324682533741": "0.025413247", "1e-7": "1e-07", "60000": "60000", "-3": "-3", "12345678.5": "12345678.5",
		"1e30": "1e+30", "123456789012345678": "123456789012345678", "0.3333333333333333333333333": "0.3333333333",
	} {
		if got := readable(cty.MustParseNumberVal(number).AsBigFloat()); got != want {
			t.Errorf("%s is shown as %s, want %s", number, got, want)
		}
	}
}
