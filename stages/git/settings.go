package git

import (
	"context"
	"strings"

	"github.com/go-git/go-git/v5/config"
)

// settings is what of the user's git configuration matters to a fetch.
type settings struct {
	insteadOf []rewrite
	proxy     string // http.proxy
	http      bool   // there are http.* settings, of which go-git knows none
}

// rewrite is one url.<base>.insteadOf.
type rewrite struct{ prefix, base string }

// readSettings asks git for the system's and the user's configuration; git alone
// knows of includes and of GIT_CONFIG_*. Where it is not installed, go-git reads
// the two files. Without any configuration the settings are empty.
func readSettings(ctx context.Context) settings {
	if git, ok := findProgram(); ok {
		// rc 1 says that nothing matched (git-config(1)).
		out, err := git.output(ctx, "config", "--null", "--get-regexp", `^(url\..*\.insteadof|http\..*)$`)
		if err != nil {
			return settings{}
		}
		return parseSettings(string(out))
	}
	var s settings
	for _, scope := range []config.Scope{config.SystemScope, config.GlobalScope} {
		file, err := config.LoadConfig(scope)
		if err != nil || file.Raw == nil {
			continue
		}
		for _, section := range file.Raw.Section("url").Subsections {
			for _, prefix := range section.OptionAll("insteadOf") {
				s.insteadOf = append(s.insteadOf, rewrite{prefix, section.Name})
			}
		}
		if proxy := file.Raw.Section("http").Option("proxy"); proxy != "" {
			s.proxy, s.http = proxy, true
		}
	}
	return s
}

// parseSettings reads git config --null: "key\nvalue\0", keys in lower case but
// for their middle part.
func parseSettings(text string) settings {
	var s settings
	for record := range strings.SplitSeq(text, "\x00") {
		key, value, _ := strings.Cut(record, "\n")
		switch base, isURL := strings.CutPrefix(key, "url."); {
		case isURL:
			s.insteadOf = append(s.insteadOf, rewrite{value, strings.TrimSuffix(base, ".insteadof")})
		case strings.HasPrefix(key, "http."):
			s.http = true
			if key == "http.proxy" {
				s.proxy = value
			}
		}
	}
	return s
}

// rewrite applies insteadOf: the longest prefix that fits wins (git-config(1)).
func (s settings) rewrite(url string) string {
	var best rewrite
	for _, candidate := range s.insteadOf {
		if candidate.prefix != "" && strings.HasPrefix(url, candidate.prefix) && len(candidate.prefix) > len(best.prefix) {
			best = candidate
		}
	}
	return best.base + strings.TrimPrefix(url, best.prefix)
}

// reached is the remote as the user's configuration says it is to be reached. It
// is still shown as it was written.
func (s settings) reached(r Remote) (Remote, error) {
	url := s.rewrite(r.url)
	if r.kind == folder || url == r.url {
		return r, nil
	}
	to, err := ParseRemote(url, "/")
	to.shown = r.shown
	return to, err
}
