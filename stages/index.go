package stages

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

// indexes reads index and extra_index. Their addresses may hold credentials,
// which no script, lock or record must show: they travel as secrets, under the
// names by which pip and uv know them, and the stage keeps what is left.
func (b *Block) indexes(s *Stage) {
	var index string
	var extra []string
	if a := b.Group.get("index"); b.early(a) {
		index, s.Venv.Index = b.index(a)
	}
	if a := b.Group.get("extra_index"); b.early(a) {
		elements, _ := b.list(a, `["https://download.pytorch.org/whl/cu124"]`)
		for _, e := range elements {
			if isNull(e.value) {
				continue
			}
			if whole, shown := b.index(a.of(e)); whole != "" {
				extra, s.Venv.ExtraIndex = append(extra, whole), append(s.Venv.ExtraIndex, shown)
			}
		}
	}
	if secrets := python.IndexEnviron(index, extra); len(secrets) > 0 {
		s.Secrets = secrets
	}
}

// index reads the address of a package index: as it is, and without credentials.
// It may be sensitive. Then no more of it than its host is shown.
func (b *Block) index(a *Argument) (whole, shown string) {
	_, marks := a.Value.UnmarkDeep()
	_, secret := marks[Sensitive]
	delete(marks, Sensitive)
	plain, _ := a.Value.UnmarkDeep()
	address, ok := b.text(&Argument{Name: a.Name, Value: plain.WithMarks(marks), Expr: a.Expr, Context: a.Context})
	if !ok {
		return "", ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(address, " \t") {
		b.fault(a, nil, unsuitable, "%s must be the address of a package index, such as \"https://pypi.org/simple\".", a.Name)
		return "", ""
	}
	if secret {
		return address, u.Scheme + "://" + u.Host
	}
	return address, git.Redact(address)
}

// indexesOf are the addresses of a stage's indexes with their credentials.
func indexesOf(s *Stage) (index string, extra []string) {
	if all := s.Secrets["PIP_EXTRA_INDEX_URL"]; all != "" {
		extra = strings.Fields(all)
	}
	return s.Secrets["PIP_INDEX_URL"], extra
}

// platform reads the kind of machine that packages are wanted for.
func (b *Block) platform() string {
	a := b.Group.get("platform")
	if !b.early(a) {
		return ""
	}
	text, ok := b.text(a)
	if ok && !python.IsPlatform(text) {
		b.fault(a, nil, unsuitable, "A platform is written as \"linux_x86_64\" or \"linux_aarch64\".")
		return ""
	}
	return text
}

var (
	indexOption  = regexp.MustCompile(`^(-i|--index-url|--extra-index-url|-f|--find-links|--no-index|--trusted-host)(\s|=|$)`)
	lineVariable = python.LineVariable
)

// indexLines are the lines of requirements files that say where packages come
// from, and the variables that stand in them as ${NAME}.
func (r *Requirements) indexLines() (lines, variables []string) {
	names := map[string]bool{}
	for _, file := range sortedNames(r.Files) {
		for _, line := range requirementLines(string(r.Files[file])) {
			if !indexOption.MatchString(line.text) {
				continue
			}
			lines = append(lines, line.text)
			for _, m := range lineVariable.FindAllStringSubmatch(line.text, -1) {
				names[m[1]] = true
			}
		}
	}
	return lines, sortedNames(names)
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// indexLines are those of the requirements. An index of the block takes the place
// of those that a project was locked from.
func (v *Venv) indexLines() (lines, variables []string) {
	if v.Requirements.isProject() {
		return projectLines(v), nil
	}
	return v.Requirements.indexLines()
}

func projectLines(v *Venv) []string {
	if v.Index != "" {
		return nil
	}
	return v.Requirements.registryLines()
}
