package check

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResults(t *testing.T) {
	got, err := Results([]byte("\xef\xbb\xbf{\"accuracy\": 0.98, \"n\": 12345678901234567890, \"results\": {\"acc,none\": 1e-7, \"tags\": [\"a\", null, true]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"accuracy": json.Number("0.98"),
		"n":        json.Number("12345678901234567890"),
		"results":  map[string]any{"acc,none": json.Number("1e-7"), "tags": []any{"a", nil, true}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestResultsRefused(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200)
	for source, want := range map[string]string{
		"":                                     "the file is empty",
		" \n":                                  "the file is empty",
		"0.98":                                 "the file holds a number: a JSON object is wanted",
		"[1]":                                  "the file holds an array",
		"null":                                 "the file holds null",
		"NaN":                                  `the file's content is NaN`,
		"{\"accuracy\": 0.9,\n \"loss\": NaN}": `line 2: "loss" is NaN, which is not a number`,
		`{"test": {"loss": -Infinity}}`:        `"test.loss" is -Infinity`,
		`{"losses": [0.5, Infinity]}`:          `"losses.1" is Infinity`,
		`{"loss": 1e999}`:                      `"loss" is 1e999, which is more than a 64-bit float can hold`,
		`{"loss": 1, "loss": 2}`:               `"loss" stands there twice`,
		`{"a": {"loss": 1, "loss": 2}}`:        `"a.loss" stands there twice`,
		"{\"step\": 1}\n{\"step\": 2}\n":       "something follows the JSON object",
		`{"loss": 0.5`:                         "the file ends in the middle",
		`{"loss": `:                            "the file ends in the middle",
		`{"loss": 'low'}`:                      "this is not JSON",
		`{loss: 1}`:                            "this is not JSON",
		`{"loss": 1,}`:                         "this is not JSON",
		`{"loss": [1 2]}`:                      "this is not JSON",
		deep:                                   "nested more than 100 deep",
	} {
		v, err := Results([]byte(source))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q gives %v, %v\n want an error with %q", source, v, err, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	results, err := Results([]byte(`{
		"accuracy": 0.98, "name": "cnn", "ok": true, "history": [1, 2],
		"test": {"loss": 0.1, "top": {"5": 0.999}}, "test.loss": 7}`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"accuracy": 0.98, "test.loss": 7, "test.top.5": 0.999}
	if diff := cmp.Diff(want, Numbers(results)); diff != "" {
		t.Error(diff)
	}
	if got := Numbers(nil); len(got) != 0 {
		t.Errorf("Numbers(nil) is %v", got)
	}
}

// TestNumbersOfStoredResults reads what a record gives back: plain float64s.
func TestNumbersOfStoredResults(t *testing.T) {
	got := Numbers(map[string]any{"accuracy": 0.98, "test": map[string]any{"loss": 0.1}})
	if diff := cmp.Diff(map[string]float64{"accuracy": 0.98, "test.loss": 0.1}, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzResults(f *testing.F) {
	for _, seed := range []string{`{"a": 1}`, `{"a": {"b": [1, 2, {"c": -0.5e3}]}}`, `{"a": NaN}`, `{`, `[]`, `{"a" 1}`, "{\"a\": \xff}", `{"a":1}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Results(data)
		if (v == nil) == (err == nil) {
			t.Fatalf("a value %v beside the error %v", v, err)
		}
		if err != nil {
			return
		}
		if !json.Valid([]byte(strings.TrimPrefix(string(data), "\xef\xbb\xbf"))) {
			t.Fatalf("%q was taken for JSON", data)
		}
		measured(v, Numbers(v))
		nested(Numbers(v))
	})
}
