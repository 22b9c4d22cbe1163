package huggingface

import (
	"regexp"
	"strings"
)

// Matches reports whether a file is among those that a pattern means, as the hub's
// own client reads it (fnmatch(3) without flags): * and ? stand for slashes too, so
// that "*.json" means those in folders as well, and "folder/" all that is in it.
func Matches(pattern, file string) bool {
	if strings.HasSuffix(pattern, "/") {
		pattern += "*"
	}
	form, err := compiled(pattern)
	return err == nil && form.MatchString(file)
}

// ValidPattern reports whether a pattern can be read.
func ValidPattern(pattern string) bool {
	_, err := compiled(pattern)
	return err == nil && pattern != ""
}

func compiled(pattern string) (*regexp.Regexp, error) {
	var form strings.Builder
	form.WriteString(`(?s)\A`)
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			form.WriteString(".*")
		case '?':
			form.WriteByte('.')
		case '[':
			end := strings.IndexByte(pattern[i+1:], ']')
			if end <= 0 { // none, or "[]": fnmatch takes the bracket as it is
				form.WriteString(`\[`)
				continue
			}
			set := strings.ReplaceAll(pattern[i+1:i+1+end], `\`, `\\`)
			if rest, not := strings.CutPrefix(set, "!"); not {
				set = "^" + rest
			} else if strings.HasPrefix(set, "^") {
				set = `\` + set
			}
			form.WriteString("[" + set + "]")
			i += end + 1
		default:
			form.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	return regexp.Compile(form.String() + `\z`)
}
