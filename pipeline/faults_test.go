package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	expectation = regexp.MustCompile(`# ERROR(?:\+(\d+)|( NOWHERE))?: (.*)$`)
	options     = regexp.MustCompile(`(?m)^# OPTIONS: (.*)$`)
)

// expected reads the faults that a fixture says it has, each as "line: summary",
// line 0 being no place in the file. "# ERROR+2:" stands two lines above its
// fault, and several faults of a line are separated by " | ".
func expected(t *testing.T, source string) []string {
	var faults []string
	for i, line := range strings.Split(source, "\n") {
		m := expectation.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		number := i + 1
		if m[1] != "" {
			offset, err := strconv.Atoi(m[1])
			if err != nil {
				t.Fatal(err)
			}
			number += offset
		}
		if m[2] != "" {
			number = 0
		}
		for summary := range strings.SplitSeq(m[3], " | ") {
			faults = append(faults, fmt.Sprintf("%d: %s", number, summary))
		}
	}
	slices.Sort(faults)
	return faults
}

func fixtureOptions(source string) Options {
	var o Options
	m := options.FindStringSubmatch(source)
	if m == nil {
		return o
	}
	words := strings.Fields(m[1])
	for i := 0; i+1 < len(words); i += 2 {
		if words[i] == "--var" {
			o.Vars = append(o.Vars, words[i+1])
		} else {
			o.VarFiles = append(o.VarFiles, words[i+1])
		}
	}
	return o
}

// TestFaults loads each fixture and holds what is found against the comments in
// it, and how it is shown against a golden text.
func TestFaults(t *testing.T) {
	t.Chdir("testdata/faults")
	files, err := filepath.Glob("*.hcl")
	if err != nil || len(files) < 40 {
		t.Fatal(len(files), "fixtures", err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source := string(data)
			o := fixtureOptions(source)
			o.Path = file
			p, diags := Load(o)
			var got []string
			for _, d := range diags {
				line := 0
				if d.Subject != nil && d.Subject.Filename == file {
					line = d.Subject.Start.Line
				}
				got = append(got, fmt.Sprintf("%d: %s", line, d.Summary))
			}
			slices.Sort(got)
			text := rendered(diags, p)
			if diff := cmp.Diff(expected(t, source), got); diff != "" {
				t.Errorf("faults (-want +got):\n%s\n%s", diff, text)
			}
			if strings.Contains(strings.ReplaceAll(text, `default   = "hunter2"`, ""), "hunter2") {
				t.Error("a sensitive value is shown")
			}
			golden(t, strings.TrimSuffix(file, ".hcl")+".txt", []byte(text))
			if _, diags := p.Evaluate(pinned{}); !diags.HasErrors() {
				t.Error("a faulty pipeline was evaluated")
			}
		})
	}
}
