package view

import (
	"os"
	"strings"

	"github.com/runpipe/runpipe/pipeline/run"
)

// failureLines is how much of a failed stage's log is shown, failuresAtLength how
// many failed stages are told of with it.
const (
	failureLines     = 10
	failuresAtLength = 5
)

// failures tells of every stage that did not succeed by its own fault: why, the
// end of its log, where the rest is, and what to do next.
func (h *Human) failures(st run.Status) []string {
	var lines []string
	told := 0
	for _, stage := range st.Stages {
		if stage.State != run.Failed && stage.State != run.Lost {
			continue
		}
		if told++; told > failuresAtLength {
			lines = append(lines, h.reason(stage)...)
			continue
		}
		lines = append(append(lines, h.failure(st, stage)...), "")
	}
	if told > failuresAtLength {
		return append(lines, "", "The log of a stage: "+h.Program+" logs "+st.Run+" ADDR")
	}
	return lines[:max(len(lines)-1, 0)]
}

// reason says of a stage that it failed, and why.
func (h *Human) reason(stage run.StageStatus) []string {
	s := h.Screen
	title := s.paint(red, stage.Address+" "+string(stage.State))
	if stage.Reason != "" {
		title += ": " + plainLines(stage.Reason)
	}
	var lines []string
	for _, line := range strings.Split(title, "\n") {
		lines = append(lines, wrap(line, s.Width(), "  ")...)
	}
	return lines
}

func (h *Human) failure(st run.Status, stage run.StageStatus) []string {
	s, lines := h.Screen, h.reason(stage)
	if stage.Reused {
		return append(lines, "  Nothing was run: the stored metrics were judged by the checks as they are now.")
	}
	if stage.Log == "" {
		return lines
	}
	for _, line := range said(stage) {
		if width := s.Width(); width > 0 {
			line = cut(line, width-4, s.Unicode)
		}
		lines = append(lines, s.paint(dim, "  "+s.symbol("│", "|")+" ")+line)
	}
	var facts table
	if _, err := os.Stat(stage.Log); err == nil || stage.State != run.Lost {
		facts = table{{{text: "log"}, {text: h.path(stage.Log)}}}
	}
	if stage.Work != "" {
		facts = append(facts, []cell{{text: "working copy"}, {text: h.path(stage.Work)}})
	}
	next := h.Program + " logs " + st.Run + " " + ShellAddress(stage.Address)
	if stage.State == run.Lost {
		next = h.Program + " apply " + ShellWord(h.path(st.File)) + "   # runs again what is missing"
	}
	facts = append(facts, []cell{{text: "next"}, {text: next, style: bold}})
	return append(lines, s.lines(facts, "  ", keeping)...)
}

// said is the end of what a stage's command wrote: its log without the lines
// that runpipe adds, which are told otherwise, and without empty ones.
func said(stage run.StageStatus) []string {
	var lines []string
	for _, line := range Tail(stage.Log, 2*failureLines) {
		// A command may have left its last line without an end.
		line, _, _ = strings.Cut(line, "runpipe: "+stage.Address+" failed: ")
		if line != "" && !strings.HasPrefix(line, "runpipe: ") {
			lines = append(lines, line)
		}
	}
	return lines[max(len(lines)-failureLines, 0):]
}

// checks lists the checks that did not hold, but for those that a failure tells
// of already.
func (h *Human) checks(st run.Status) []string {
	var t table
	for _, stage := range st.Stages {
		for _, c := range stage.Checks {
			if c.Passed || strings.Contains(stage.Reason, c.Message) {
				continue
			}
			glyph, colour := h.Screen.symbol("✗", "x"), red
			if c.Warn {
				glyph, colour = "!", yellow
			}
			t = append(t, []cell{{text: glyph, style: colour, tight: true}, {text: stage.Address}, {text: c.Name}, {text: plain(c.Message), style: colour}})
		}
	}
	return h.section("Checks", t)
}

// section is a titled table, or nothing if the table is empty. Its values are
// kept whole: they may be messages and paths.
func (h *Human) section(title string, t table) []string {
	if len(t) == 0 {
		return nil
	}
	return append([]string{h.Screen.paint(bold, title)}, h.Screen.lines(t, "  ", keeping)...)
}

// plainLines is plain for a text of several lines.
func plainLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = plain(line)
	}
	return strings.Join(lines, "\n")
}
