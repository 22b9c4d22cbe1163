package slurm

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Quote writes s as one word of a POSIX shell: bare where nothing in it is
// special, in single quotes where that is enough, in double quotes where s holds
// a single quote, a backslash or what would look like an expansion (shellcheck
// warns of '$x' and '\'), and as $'…' (POSIX.1-2024, and bash since ever) where
// s holds a control character other than tab and newline, or is not UTF-8.
func Quote(s string) string {
	switch {
	case s == "":
		return "''"
	case !printable(s):
		return quoteANSI(s)
	case s[0] == '~': // '~/x' in quotes looks like a mistake to shellcheck, \~ does not
		if len(s) == 1 {
			return `\~`
		}
		return `\~` + Quote(s[1:])
	case bare(s):
		return s
	case strings.ContainsAny(s, "'\\$`‘’"):
		if strings.ContainsAny(s, "“”„") { // double quotes want these single-quoted
			return quoteANSI(s)
		}
		return quoteDouble(s)
	}
	return "'" + s + "'"
}

// bare reports whether s needs no quotes. A few harmless words look like
// mistakes without them.
func bare(s string) bool {
	switch s {
	case "do", "done", "elif", "else", "esac", "fi", "then":
		return false
	}
	return s[0] != '=' && strings.Trim(s, bareCharacters) == ""
}

// bareCharacters mean nothing to a shell, wherever in a word they stand.
const bareCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"

// quoteDouble needs no care for "!": scripts have no history.
func quoteDouble(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(s) + `"`
}

// quoteSingle keeps a longer text readable: nothing in it changes but single quotes.
func quoteSingle(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func quoteANSI(s string) string {
	var quoted strings.Builder
	quoted.WriteString("$'")
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '\'' || r == '\\':
			quoted.WriteByte('\\')
			quoted.WriteByte(s[0])
		case r == '\n':
			quoted.WriteString(`\n`)
		case r == '\t':
			quoted.WriteString(`\t`)
		case r == '\r':
			quoted.WriteString(`\r`)
		case control(r) || r == utf8.RuneError && size == 1:
			for _, b := range []byte(s[:size]) {
				fmt.Fprintf(&quoted, `\%03o`, b)
			}
		default:
			quoted.WriteString(s[:size])
		}
		s = s[size:]
	}
	quoted.WriteByte('\'')
	return quoted.String()
}

// printable reports whether s can stand in a text file as it is.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '\n' && r != '\t' && control(r)
	})
}

// control reports whether r is a control character (C0, DEL, C1) or one of the
// line separators and direction marks that make a text look other than it is.
func control(r rune) bool {
	return r < 0x20 || r >= 0x7f && r <= 0x9f ||
		r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}
