package view

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// columns is how many columns of a terminal text fills. Its escapes fill none.
func columns(text string) int { return uniseg.StringWidth(stripEscapes(text)) }

// cut shortens text without escapes to so many columns; an ellipsis shows that it did.
func cut(text string, width int, unicode bool) string {
	if columns(text) <= width {
		return text
	}
	mark := "..."
	if unicode {
		mark = "…"
	}
	if width <= columns(mark) {
		return strings.Repeat(".", max(width, 0))
	}
	var b strings.Builder
	room := width - columns(mark)
	for state, rest := -1, text; rest != ""; {
		var cluster string
		var w int
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if room -= w; room < 0 {
			break
		}
		b.WriteString(cluster)
	}
	return b.String() + mark
}

// pad fills text up with spaces, on the left if right-aligned.
func pad(text string, width int, right bool) string {
	space := strings.Repeat(" ", max(width-columns(text), 0))
	if right {
		return space + text
	}
	return text + space
}

// wrap breaks prose at spaces so that no line is wider than width; further
// lines begin with indent. A word that is wider stays whole: it may be a path
// that is to be copied. Width 0 breaks nothing.
func wrap(text string, width int, indent string) []string {
	if width == 0 {
		return []string{text}
	}
	var lines []string
	line := ""
	for i, word := range strings.Split(text, " ") {
		if i == 0 {
			line = word
		} else if strings.TrimSpace(line) != "" && columns(line)+1+columns(word) > width {
			lines, line = append(lines, line), indent+word
		} else {
			line += " " + word
		}
	}
	return append(lines, line)
}

// plain makes text from a job safe to show: escape sequences go, and every other
// character that could move the cursor becomes a space.
func plain(text string) string {
	text = stripEscapes(text)
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
}

// stripEscapes removes the escape sequences of ECMA-48: ESC [ … final byte,
// ESC ] … BEL or ESC \, and ESC with one byte.
func stripEscapes(text string) string {
	if !strings.Contains(text, "\x1b") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] != 0x1b {
			b.WriteByte(text[i])
			i++
			continue
		}
		i += escapeLength(text[i:])
	}
	return b.String()
}

func escapeLength(text string) int {
	if len(text) < 2 {
		return len(text)
	}
	switch text[1] {
	case '[':
		for i := 2; i < len(text); i++ {
			if text[i] >= 0x40 && text[i] <= 0x7e {
				return i + 1
			}
		}
		return len(text)
	case ']':
		if end := strings.IndexByte(text, 0x07); end >= 0 {
			return end + 1
		}
		if end := strings.Index(text, "\x1b\\"); end >= 0 {
			return end + 2
		}
		return len(text)
	}
	return 2
}
