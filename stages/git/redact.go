package git

import (
	"regexp"
	"strings"
)

// address matches a URL within any text, up to a space, a quote or a bracket.
var address = regexp.MustCompile("[A-Za-z][A-Za-z0-9+.-]*://[^\\s'\"`<>]*")

// Redact removes credentials from every URL in text: user, password and token of
// http and https (and their queries, which may carry tokens), the password alone
// of any other scheme, since "git" in ssh://git@host is no secret.
func Redact(text string) string {
	return address.ReplaceAllStringFunc(text, func(found string) string {
		scheme, rest, _ := strings.Cut(found, "://")
		user, rest := splitUser(rest)
		if web(scheme) {
			rest, _, _ = strings.Cut(rest, "?")
			return scheme + "://" + rest
		}
		if name, _, _ := strings.Cut(user, ":"); name != "" {
			return scheme + "://" + name + "@" + rest
		}
		return scheme + "://" + rest
	})
}

// splitUser splits what follows "://" into the credentials, without the @, and
// the rest. A password with an unescaped slash in it makes a URL that is not
// valid, and must not be shown any more than another.
func splitUser(rest string) (user, after string) {
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@')
	if at < 0 && !hostAndPort(rest[:end]) {
		at = strings.LastIndexByte(rest, '@')
	}
	if at < 0 {
		return "", rest
	}
	return rest[:at], rest[at+1:]
}

// hostAndPort reports whether s may stand between "://" and the path: a colon
// with something else than digits behind it is the start of a password.
func hostAndPort(s string) bool {
	if strings.HasPrefix(s, "[") { // an IPv6 address
		_, s, _ = strings.Cut(s, "]")
	}
	_, port, _ := strings.Cut(s, ":")
	return strings.Trim(port, "0123456789") == ""
}

func web(scheme string) bool {
	return strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")
}
