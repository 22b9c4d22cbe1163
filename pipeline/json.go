package pipeline

import (
	"encoding/json"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages/git"
)

// report is the form of validate --json. Lines and columns count from 1, columns
// in characters; bytes count from 0.
type report struct {
	Version     int          `json:"version"`
	Valid       bool         `json:"valid"`
	Errors      int          `json:"error_count"`
	Warnings    int          `json:"warning_count"`
	Diagnostics []diagnostic `json:"diagnostics"`
}

type diagnostic struct {
	Severity string       `json:"severity"` // error or warning
	Summary  string       `json:"summary"`
	Detail   string       `json:"detail"`
	Range    *jsonRange   `json:"range,omitempty"`
	Source   string       `json:"source,omitempty"` // the line that the range starts in
	Values   []scopeValue `json:"values,omitempty"`
}

type jsonRange struct {
	Filename string  `json:"filename"`
	Start    jsonPos `json:"start"`
	End      jsonPos `json:"end"`
}

type jsonPos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// DiagnosticsJSON is diagnostics for programs, as one indented JSON object:
//
//	{"version": 1, "valid": false, "error_count": 1, "warning_count": 0, "diagnostics": [
//	  {"severity": "error", "summary": …, "detail": …, "range": {"filename": …, "start": {…}, "end": {…}}, …}]}
func DiagnosticsJSON(diags hcl.Diagnostics, files map[string]*hcl.File) ([]byte, error) {
	r := report{Version: 1, Diagnostics: []diagnostic{}}
	for _, d := range diags {
		j := diagnostic{Severity: "error", Summary: d.Summary, Detail: git.Redact(d.Detail), Values: scopeValues(d)}
		if d.Severity == hcl.DiagWarning {
			j.Severity = "warning"
			r.Warnings++
		} else {
			r.Errors++
		}
		if s := d.Subject; s != nil {
			j.Range = &jsonRange{s.Filename, jsonPos(s.Start), jsonPos(s.End)}
			if file := files[s.Filename]; file != nil {
				line, _, _ := lineOf(file.Bytes, s)
				j.Source = git.Redact(string(line))
			}
		}
		r.Diagnostics = append(r.Diagnostics, j)
	}
	r.Valid = r.Errors == 0
	data, err := json.MarshalIndent(r, "", "  ")
	return append(data, '\n'), err
}
