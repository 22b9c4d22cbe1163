package stages

import (
	"regexp"
	"strings"
)

var (
	// requirementForm is a requirement specifier in the outlines of PEP 508: a
	// name, extras, then versions or an address, then a marker.
	requirementForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\s*(\[[A-Za-z0-9._,\s-]*\])?\s*` +
		`(` + versionForm + `(\s*,\s*` + versionForm + `)*|\(\s*` + versionForm + `(\s*,\s*` + versionForm + `)*\s*\)|@\s*[A-Za-z][A-Za-z0-9+.-]*://[^\s;]+)?\s*(;.+)?$`)
	singleEquals = regexp.MustCompile(`^([A-Za-z0-9._-]+(?:\[[^\]]*\])?)\s*=\s*([0-9][A-Za-z0-9.*+!-]*)$`)
)

const versionForm = `(?:===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+`

// packages reads requirement specifiers, one a line of what pip will be given.
func (b *Block) packages(a *Argument) []string {
	elements, _ := b.list(a, `["numpy==2.1.0"]`)
	var packages []string
	for _, e := range elements {
		if isNull(e.value) {
			continue
		}
		text, ok := b.text(a.of(e))
		if !ok {
			continue
		}
		text = strings.TrimSpace(text)
		if _, err := checkRequirementLine(text); err != nil {
			b.fault(a, e.expr, "Unsuitable package", "%s: %s.", text, err)
			continue
		}
		if !requirementForm.MatchString(text) {
			b.fault(a, e.expr, "Unsuitable package", "%q is not a requirement such as \"numpy==2.1.0\" or \"torch>=2.4,<3\".%s", text, packageHint(text))
			continue
		}
		packages = append(packages, text)
	}
	return packages
}

func packageHint(text string) string {
	if strings.HasPrefix(text, "-") {
		return " Options of pip go into a requirements file."
	}
	if m := singleEquals.FindStringSubmatch(text); m != nil {
		return ` Did you mean "` + m[1] + "==" + m[2] + `"?`
	}
	if names := strings.Fields(text); len(names) > 1 && !strings.ContainsAny(text, "=<>@;") {
		return " Each package is an element of its own."
	}
	return ""
}
