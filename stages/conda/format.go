package conda

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Advice is how an explicit list is made, as the end of a sentence without its stop.
const Advice = "write the exact packages of an environment with conda list --explicit --md5 > conda-linux-64.lock, or resolve them with conda-lock --kind explicit --platform linux-64"

var (
	yamlHead     = regexp.MustCompile(`(?m)^(name|channels|dependencies|prefix|platforms):`)
	yamlName     = regexp.MustCompile(`(?m)^name:[ \t]*([A-Za-z0-9._-]+)[ \t]*$`)
	condaLock    = regexp.MustCompile(`(?m)^(metadata|package):\s*$`)
	requirements = regexp.MustCompile(`(?m)^[A-Za-z0-9._-]+\s*(==|>=|<=|~=|!=|=)\s*[0-9]`)
)

// IsList reports whether a file is meant for conda, well or not: it would be
// misread as a list for pip.
func IsList(data []byte) bool {
	text := string(data)
	return slices.Contains(lines(data), marker) || yamlHead.MatchString(text) || condaLock.MatchString(text) || archivesOnly(data)
}

// archivesOnly reports whether all lines name archives of conda packages.
func archivesOnly(data []byte) bool {
	found := false
	for _, text := range lines(data) {
		if text == "" || text[0] == '#' {
			continue
		}
		name, _, _ := strings.Cut(text, "#")
		parts := strings.Split(name, "/")
		if !archiveName.MatchString(parts[len(parts)-1]) || strings.ContainsAny(name, " \t") {
			return false
		}
		found = true
	}
	return found
}

// otherFormat says of a file in another format what to make of it.
func otherFormat(text string) error {
	switch {
	case slices.Contains(lines([]byte(text)), marker):
		return nil
	case condaLock.MatchString(text):
		return errors.New("it is conda-lock's file for all platforms: write that of one with conda-lock render --kind explicit --platform linux-64, and name the file that it makes")
	case yamlHead.MatchString(text):
		name := "NAME"
		if m := yamlName.FindStringSubmatch(text); m != nil {
			name = m[1]
		}
		return fmt.Errorf("it asks for packages and does not say exactly which. Make the environment once (conda env create), and write what came with conda list --explicit --md5 --name %s > conda-linux-64.lock, or have conda-lock --kind explicit --platform linux-64 resolve it", name)
	case archivesOnly([]byte(text)):
		return errors.New("it lacks the line @EXPLICIT above the addresses, by which conda knows an explicit list")
	case requirements.MatchString(text):
		return errors.New("it is a list of requirements: requirements = … hands one to pip; for conda, " + Advice)
	}
	return errors.New("it has no line @EXPLICIT, and so is no explicit list: " + Advice)
}
