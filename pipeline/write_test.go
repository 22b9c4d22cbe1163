package pipeline

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
)

// shown writes the diagnostics of a text with the given options.
func shown(t *testing.T, src string, o WriteOptions) string {
	t.Helper()
	p, diags := LoadSource("x.hcl", []byte(src), Options{})
	var out bytes.Buffer
	if err := WriteDiagnostics(&out, diags, p.Files, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWriteMarksTheSpan(t *testing.T) {
	for src, want := range map[string]string{
		"locals {\n\ta = \"日本\" + nope\n}\n": "" +
			"2 |     a = \"日本\" + nope\n" +
			"  |                  ^~~~\n",
		"locals {\n  a = nope.b(\n1)\n}\n":   "^",
		"locals { a = \"\x1b[31m${nope}\" }": "1 | locals { a = \"\ufffd[31m${nope}\" }\n",
		"locals {\n  a = [\n nope,\n 1]\n}":  "3 |  nope,\n  |  ^~~~\n",
		"# \u202e\nlocals { a = nope }":      "^~~~",
	} {
		if got := shown(t, src, WriteOptions{}); !strings.Contains(got, want) {
			t.Errorf("got:\n%s\nwant in it:\n%s", got, want)
		}
	}
}

func TestWriteColourAddsNothing(t *testing.T) {
	src := "locals { a = nope }\nvariable \"x\" {\n  default = 5\n  validation {\n    condition     = var.x > 7\n    error_message = \"no\"\n  }\n}\n"
	plain, coloured := shown(t, src, WriteOptions{}), shown(t, src, WriteOptions{Color: true})
	for _, code := range []string{"1;31", "1", "34", "0"} {
		coloured = strings.ReplaceAll(coloured, "\x1b["+code+"m", "")
	}
	if plain != coloured || !strings.Contains(plain, "= var.x is 5\n") {
		t.Errorf("plain:\n%s\ncoloured, without the colours:\n%s", plain, coloured)
	}
}

func TestWriteKeepsToTheWidth(t *testing.T) {
	src := "locals { a = [" + strings.Repeat("\"some text\", ", 40) + "nope, " + strings.Repeat("\"some text\", ", 40) + "] }\n"
	for _, width := range []int{20, 40, 79} {
		got := shown(t, src, WriteOptions{Width: width})
		lines := strings.Split(got, "\n")
		for i, line := range lines {
			if strings.Contains(line, "-->") || i == 0 {
				continue
			}
			if length := len([]rune(line)); length > max(width, 26) {
				t.Errorf("width %d: a line of %d columns: %s", width, length, line)
			}
		}
		if at := strings.Index(lines[4], "^"); at < 0 || !strings.HasPrefix(string([]rune(lines[3])[at:]), "nope") {
			t.Errorf("width %d: the mark is not under its word:\n%s", width, got)
		}
	}
}

func TestWriteHidesCredentials(t *testing.T) {
	src := "clone \"a\" {\n  repository = \"https://me:hunter2@example.org/a.git${nope}\"\n}\nvariable \"u\" {\n  default = \"https://me:hunter2@example.org\"\n  validation {\n    condition     = var.u == \"\"\n    error_message = \"not ${var.u}\"\n  }\n}\n"
	p, diags := LoadSource("x.hcl", []byte(src), Options{})
	data, err := DiagnosticsJSON(diags, p.Files)
	if err != nil {
		t.Fatal(err)
	}
	if text := shown(t, src, WriteOptions{}); strings.Contains(text, "hunter2") || strings.Contains(string(data), "hunter2") || len(diags) != 2 || !strings.Contains(text, "//example.org/a.git") {
		t.Errorf("%s\n%s", text, data)
	}
}

func TestDiagnosticsJSON(t *testing.T) {
	p, diags := LoadSource("x.hcl", []byte("locals {\n  a = 1 + \"x\"\n}\n"), Options{})
	data, err := DiagnosticsJSON(diags, p.Files)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Version     int
		Valid       bool
		Errors      int `json:"error_count"`
		Diagnostics []struct {
			Severity, Summary, Source string
			Range                     struct {
				Start struct{ Line, Column, Byte int }
			}
		}
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	d := got.Diagnostics[0]
	if got.Version != 1 || got.Valid || got.Errors != 1 || d.Severity != "error" || d.Source != `  a = 1 + "x"` || d.Range.Start.Line != 2 || d.Range.Start.Column != 11 || d.Range.Start.Byte != 19 {
		t.Errorf("got %s", data)
	}
	if data, _ = DiagnosticsJSON(nil, nil); !strings.Contains(string(data), `"valid": true`) || !strings.Contains(string(data), `"diagnostics": []`) {
		t.Errorf("got %s", data)
	}
}

func TestSort(t *testing.T) {
	at := func(file string, line int) *hcl.Diagnostic {
		return fault(hcl.Range{Filename: file, Start: hcl.Pos{Line: line}}, "s", "d")
	}
	none := nowhere("s", "d")
	got := Sort(hcl.Diagnostics{at("b", 1), at("a", 2), at("a", 1), none, at("a", 2)})
	var order []string
	for _, d := range got {
		if d.Subject == nil {
			order = append(order, "-")
			continue
		}
		order = append(order, d.Subject.Filename+strings.Repeat("'", d.Subject.Start.Line))
	}
	if strings.Join(order, " ") != "- a' a'' b'" {
		t.Errorf("got %v", order)
	}
}
