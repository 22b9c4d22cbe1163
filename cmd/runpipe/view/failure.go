package view

import (
	"strings"

	"github.com/runpipe/runpipe/pipeline/run"
)

// failureLines is how much of a failed stage's log is shown.
const failureLines = 10

// failures tells of every stage that did not succeed by its own fault: why, the
// end of its log, where the rest is, and what to do next.
func (h *Human) failures(st run.Status) []string {
	var lines []string
	for _, stage := range st.Stages {
		if stage.State != run.Failed && stage.State != run.Lost {
			continue
		}
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, h.failure(st.Run, stage)...)
	}
	return lines
}

func (h *Human) failure(id string, stage run.StageStatus) []string {
	s := h.Screen
	title := s.paint(red, stage.Address+" "+string(stage.State))
	if stage.Reason != "" {
		title += ": " + plainLines(stage.Reason)
	}
	var lines []string
	for _, line := range strings.Split(title, "\n") {
		lines = append(lines, wrap(line, s.Width(), "  ")...)
	}
	if stage.Reused {
		return append(lines, "  Nothing was run: the stored metrics were judged by the checks as they are now.")
	}
	if stage.Log == "" {
		return lines
	}
	tail := Tail(stage.Log, failureLines)
	for _, line := range tail {
		if width := s.Width(); width > 0 {
			line = cut(line, width-4, s.Unicode)
		}
		lines = append(lines, s.paint(dim, "  "+s.symbol("│", "|")+" ")+line)
	}
	facts := table{{{text: "log"}, {text: h.path(stage.Log)}}}
	if stage.Work != "" {
		facts = append(facts, []cell{{text: "working copy"}, {text: h.path(stage.Work)}})
	}
	next := h.Program + " logs " + id + " " + ShellAddress(stage.Address)
	facts = append(facts, []cell{{text: "next"}, {text: next, style: bold}})
	return append(lines, s.lines(facts, "  ", keeping)...)
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
