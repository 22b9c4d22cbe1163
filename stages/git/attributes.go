package git

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// attributes tells which files of a snapshot have the attribute filter=lfs, as git
// reads .gitattributes (gitattributes(5)): the last line that fits counts, and those
// of a folder come after those of the folder above. A submodule begins anew.
type attributes struct {
	s       *snapshot
	folders map[string]folderRules // by path from the top of the checkout
}

// folderRules are the rules for what is in a folder, the weakest first.
type folderRules struct {
	at     position
	inside map[string]entry // what is in it, by path: read once, however many folders these are
	rules  []rule
	macro  map[string]string // name of a macro → its filter
}

// rule is a line of .gitattributes that says something of the filter.
type rule struct {
	below  string // path from the top of the checkout that form starts at, with a slash at the end, or ""
	ending string // of a pattern such as *.bin, which most are, and every file is held against; or
	form   *regexp.Regexp
	filter string // "" takes it away
}

func newAttributes(s *snapshot) *attributes {
	return &attributes{s: s, folders: map[string]folderRules{}}
}

// lfs reports whether a file is to be filtered by Git LFS.
func (a *attributes) lfs(file string) (bool, error) {
	f, err := a.of(path.Dir(file))
	if err != nil {
		return false, err
	}
	for _, r := range slices.Backward(f.rules) {
		if r.fits(file) {
			return r.filter == "lfs", nil
		}
	}
	return false, nil
}

func (r rule) fits(file string) bool {
	rest, ok := strings.CutPrefix(file, r.below)
	if r.ending != "" {
		return ok && strings.HasSuffix(rest, r.ending)
	}
	return ok && r.form.MatchString(byteByByte(rest))
}

// of reads the rules for what is in a folder.
func (a *attributes) of(folder string) (folderRules, error) {
	if known, ok := a.folders[folder]; ok {
		return known, nil
	}
	f, outer, below := folderRules{at: a.s.top}, "", ""
	if folder != "." {
		above, err := a.of(path.Dir(folder))
		if err != nil {
			return f, err
		}
		f, outer, below = above, folder, folder+"/"
		if f.at, err = a.s.below(above.at, above.inside[folder]); err != nil {
			return f, err
		}
		if f.at.inner == "" || f.at.bare != above.at.bare { // a submodule's top
			f.rules, f.macro = nil, nil
		}
	}
	list, err := a.s.entries(f.at, outer)
	if err != nil {
		return f, err
	}
	f.inside = make(map[string]entry, len(list))
	for _, e := range list {
		f.inside[e.path] = e
	}
	own, err := a.read(f.inside[below+".gitattributes"], below, &f)
	if err != nil {
		return f, err
	}
	f.rules = append(f.rules[:len(f.rules):len(f.rules)], own...)
	a.folders[folder] = f
	return f, nil
}

// read reads the .gitattributes of one folder, if it has one.
func (a *attributes) read(e entry, below string, f *folderRules) ([]rule, error) {
	if e.path == "" || holdsMore(e.mode) || e.mode == filemode.Symlink {
		return nil, nil
	}
	objects, err := a.s.store(e.bare)
	if err != nil {
		return nil, err
	}
	data, err := objects.blob(e.id)
	if err != nil {
		return nil, err
	}
	return parseAttributes(data, below, f), nil
}

// parseAttributes reads the lines that say something of the filter.
func parseAttributes(data []byte, below string, f *folderRules) []rule {
	var rules []rule
	for line := range bytes.Lines(data) {
		pattern, rest := patternOf(strings.TrimSpace(string(line)))
		filter, says := f.filterIn(strings.Fields(rest))
		if name, ok := strings.CutPrefix(pattern, "[attr]"); ok {
			if says {
				macros := map[string]string{name: filter}
				for other, filter := range f.macro {
					if other != name {
						macros[other] = filter
					}
				}
				f.macro = macros
			}
			continue
		}
		ending, form := endingOf(pattern), patternForm(pattern)
		if says && form != nil {
			rules = append(rules, rule{below, ending, form, filter})
		}
	}
	return rules
}

// endingOf is what the names end in that a pattern means which says no more, or "".
func endingOf(pattern string) string {
	if ending, ok := strings.CutPrefix(pattern, "*"); ok && !strings.ContainsAny(ending, `*?[\/`) {
		return ending
	}
	return ""
}

// patternOf cuts a line into its pattern, which may be quoted, and the attributes.
func patternOf(line string) (pattern, rest string) {
	if line == "" || line[0] == '#' || line[0] == '!' {
		return "", ""
	}
	if line[0] != '"' {
		if end := strings.IndexAny(line, " \t"); end >= 0 {
			return line[:end], line[end:]
		}
		return line, ""
	}
	var plain strings.Builder
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] == '"':
			return plain.String(), line[i+1:]
		case line[i] == '\\' && i+1 < len(line):
			i++
		}
		plain.WriteByte(line[i])
	}
	return "", ""
}

// filterIn is what a list of attributes makes the filter.
func (f *folderRules) filterIn(words []string) (filter string, says bool) {
	for _, word := range words {
		switch {
		case word == "-filter" || word == "!filter" || word == "filter":
			filter, says = "", true
		case strings.HasPrefix(word, "filter="):
			filter, says = strings.TrimPrefix(word, "filter="), true
		default:
			if of, ok := f.macro[word]; ok {
				filter, says = of, true
			}
		}
	}
	return filter, says
}

// patternForm is a pattern of gitattributes(5) as a regular expression; nil for one
// that never fits a file.
func patternForm(pattern string) *regexp.Regexp {
	if pattern == "" || strings.HasSuffix(pattern, "/") {
		return nil
	}
	var form strings.Builder
	form.WriteString(`\A`)
	rest, rooted := strings.CutPrefix(byteByByte(pattern), "/")
	if !rooted && !strings.Contains(rest, "/") {
		form.WriteString(`(?:.*/)?`)
	}
	for i := 0; i < len(rest); i++ {
		switch {
		case strings.HasPrefix(rest[i:], "**/") && (i == 0 || rest[i-1] == '/'):
			form.WriteString(`(?:.*/)?`)
			i += 2
		case rest[i:] == "**" && i > 0 && rest[i-1] == '/':
			form.WriteString(`.+`)
			i++
		case rest[i] == '*':
			form.WriteString(`[^/]*`)
		case rest[i] == '?':
			form.WriteString(`[^/]`)
		case rest[i] == '\\' && i+1 < len(rest):
			i++
			form.WriteString(regexp.QuoteMeta(rest[i : i+1]))
		case rest[i] == '[':
			end := bracketEnd(rest[i:])
			if end == 0 {
				return nil
			}
			set := strings.ReplaceAll(rest[i+1:i+end], `\`, `\\`)
			if not, ok := strings.CutPrefix(set, "!"); ok {
				set = "^" + not
			}
			form.WriteString("[" + set + "]")
			i += end
		default:
			form.WriteString(regexp.QuoteMeta(rest[i : i+1]))
		}
	}
	compiled, err := regexp.Compile(form.String() + `\z`)
	if err != nil {
		return nil
	}
	return compiled
}

// byteByByte has a character for each byte: to git, ? is one byte.
func byteByByte(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return text
	}
	runes := make([]rune, len(text))
	for i := range len(text) {
		runes[i] = rune(text[i])
	}
	return string(runes)
}

// bracketEnd is where a set of characters ends that text begins with, or 0. A class,
// [:space:], has brackets of its own.
func bracketEnd(text string) int {
	for i := 2; i < len(text); i++ {
		if strings.HasPrefix(text[i-1:], "[:") {
			end := strings.Index(text[i:], ":]")
			if end < 0 {
				return 0
			}
			i += end + 2
		}
		if i < len(text) && text[i] == ']' {
			return i
		}
	}
	return 0
}
