package stages

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

// pyprojectFile is where a Python project says what it is, what it needs and what
// it is built with (PEP 518, PEP 621, PEP 735).
const pyprojectFile = "pyproject.toml"

// pyproject is what matters of it here.
type pyproject struct {
	BuildSystem *struct {
		Requires []string `toml:"requires"`
	} `toml:"build-system"`
	Project *struct {
		Extras map[string]any `toml:"optional-dependencies"`
	} `toml:"project"`
	Groups map[string]any `toml:"dependency-groups"`
	Tool   struct {
		UV struct {
			Dev any `toml:"dev-dependencies"` // of before there were groups
		} `toml:"uv"`
	} `toml:"tool"`
}

func parsePyproject(file string, content []byte) (*pyproject, error) {
	var p pyproject
	if err := toml.Unmarshal(content, &p); err != nil {
		return nil, tomlFault(file, err)
	}
	return &p, nil
}

// tomlFault names the file and the line.
func tomlFault(file string, err error) error {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("%s:%d: %s", file, parse.Position.Line, parse.Message)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// ReadPinned reads what an environment reads from a folder that is pinned: by the
// name of file a uv project's lock, what a checkout is built with, or a
// requirements file. open is given slash-separated paths relative to the folder.
func ReadPinned(open func(path string) ([]byte, error), file string) (*Requirements, error) {
	switch path.Base(file) {
	case projectLock:
		return readProject(open, file)
	case pyprojectFile:
		return readBuild(open, file)
	}
	return ReadRequirements(open, file)
}

// requirementName is what a requirement begins with.
var requirementName = regexp.MustCompile(`^[A-Za-z0-9._-]+`)

// legacyBuild is what a project is built with that does not say it (PEP 517), and
// what older versions of it need to make a wheel.
var legacyBuild = []string{"setuptools>=40.8.0", "wheel"}

// readBuild reads what a checkout is built with, as a requirements file. Its digest
// is that of the list alone: what else is written in pyproject.toml does not matter
// to the lock.
func readBuild(open func(string) ([]byte, error), file string) (*Requirements, error) {
	requires, err := buildRequires(open, file)
	if err != nil {
		return nil, err
	}
	for _, line := range requires {
		if _, err := checkRequirementLine(line); err != nil {
			return nil, fmt.Errorf("%s: what it is built with, %s: %w", file, line, err)
		}
		if hasControl(line) || !requirementForm.MatchString(line) {
			return nil, fmt.Errorf("%s: what it is built with, %q, is no requirement", file, line)
		}
	}
	r := &Requirements{Path: file, Files: map[string][]byte{wheelsFile: []byte(strings.Join(requires, "\n") + "\n")}}
	r.Digest = r.digest()
	return r, nil
}

func buildRequires(open func(string) ([]byte, error), file string) ([]string, error) {
	content, err := open(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, git.ErrPath) {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	project, err := parsePyproject(file, content)
	if err != nil {
		return nil, err
	}
	if project.BuildSystem == nil {
		return legacyBuild, installable(open, project, path.Dir(file))
	}
	var requires []string
	names := map[string]bool{}
	for _, line := range project.BuildSystem.Requires {
		requires = append(requires, strings.TrimSpace(line))
		names[python.Normalize(requirementName.FindString(strings.TrimSpace(line)))] = true
	}
	if names["setuptools"] && !names["wheel"] { // setuptools before 70 asks for it while it builds, when nothing is resolved any more
		requires = append(requires, "wheel")
	}
	if len(requires) == 0 {
		return nil, fmt.Errorf("%s: [build-system] requires nothing, and without a build backend it cannot be built", file)
	}
	return requires, nil
}

// installable refuses a folder of scripts, of which setuptools would make a package
// without a name.
func installable(open func(string) ([]byte, error), project *pyproject, dir string) error {
	if project.Project != nil {
		return nil
	}
	for _, name := range []string{"setup.py", "setup.cfg"} {
		if _, err := open(path.Join(dir, name)); err == nil {
			return nil
		}
	}
	return errors.New("it cannot be installed, having neither a setup.py nor a pyproject.toml with a [project]: " +
		"to import its modules put the checkout on PYTHONPATH, as in env = { PYTHONPATH = clone.code.path }")
}

// isNamed reports whether a name is among known, as Python normalizes names.
func isNamed(name string, known []string) bool {
	return slices.ContainsFunc(known, func(k string) bool { return python.Normalize(k) == python.Normalize(name) })
}

// PinnedFiles are the files that ReadPinned certainly reads to read file.
func PinnedFiles(file string) []string {
	if path.Base(file) == projectLock {
		return []string{file, path.Join(path.Dir(file), pyprojectFile)}
	}
	return []string{file}
}
