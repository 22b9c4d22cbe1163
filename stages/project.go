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
)

// projectLock is uv's lock of a project, beside its pyproject.toml.
const projectLock = "uv.lock"

// lockVersion is the version of uv.lock that is known; uv adds to it by revisions.
const lockVersion = 1

// uvLock is what matters here of a uv.lock.
type uvLock struct {
	Version int `toml:"version"`
	Package []struct {
		Name   string `toml:"name"`
		Source struct {
			Registry  string `toml:"registry"`
			Path      string `toml:"path"`
			Directory string `toml:"directory"`
			Editable  string `toml:"editable"`
			Virtual   string `toml:"virtual"`
		} `toml:"source"`
	} `toml:"package"`
}

func parseUVLock(file string, content []byte) (*uvLock, error) {
	var l uvLock
	if err := toml.Unmarshal(content, &l); err != nil {
		return nil, tomlFault(file, err)
	}
	if l.Version != lockVersion {
		return nil, fmt.Errorf("%s is of version %d, and %d is known", file, l.Version, lockVersion)
	}
	return &l, nil
}

// readProject reads the two files of a uv project. Both count: whether the lock is
// what pyproject.toml asks for is seen when the packages are locked.
func readProject(open func(string) ([]byte, error), file string) (*Requirements, error) {
	clean, err := insidePath(file)
	if err != nil {
		return nil, fmt.Errorf("%s %w", file, err)
	}
	r := &Requirements{Path: clean, Files: map[string][]byte{}}
	for _, name := range []string{path.Join(path.Dir(clean), pyprojectFile), clean} {
		if r.Files[name], err = open(name); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
	}
	if _, err := r.pyproject(); err != nil {
		return nil, err
	}
	l, err := parseUVLock(clean, r.Files[clean])
	if err != nil {
		return nil, err
	}
	if err := refuseVariables(r.Files); err != nil {
		return nil, err
	}
	for _, p := range l.Package {
		for _, folder := range []string{p.Source.Path, p.Source.Directory, p.Source.Editable, p.Source.Virtual} {
			if folder != "" && folder != "." {
				return nil, fmt.Errorf("%s: %s comes from the path %s, which is not pinned with this file: ask for a released version, or lay a clone over the environment (install)", clean, p.Name, folder)
			}
		}
		if r := p.Source.Registry; r != "" && !registryForm.MatchString(r) {
			return nil, fmt.Errorf("%s: %s comes from %s, which is no address of a package index", clean, p.Name, r)
		}
	}
	r.Digest = r.digest()
	return r, nil
}

// refuseVariables refuses variables in what a project asks for: uv and pip put their
// values into addresses, which are asked, and stand in the lock file.
func refuseVariables(files map[string][]byte) error {
	for _, file := range sortedNames(files) {
		var content map[string]any
		if err := toml.Unmarshal(files[file], &content); err != nil {
			return tomlFault(file, err)
		}
		if path.Base(file) == pyprojectFile { // other tools have their own use for ${NAME}
			project, _ := content["project"].(map[string]any)
			tool, _ := content["tool"].(map[string]any)
			content = map[string]any{
				"build-system": content["build-system"], "dependency-groups": content["dependency-groups"],
				"dependencies": project["dependencies"], "optional-dependencies": project["optional-dependencies"], "uv": tool["uv"],
			}
		}
		if text := withVariable(content); text != "" {
			return fmt.Errorf("%s: the value of a variable in %q would come to stand in the lock file, and go to the host that the address names: write the address without it; an index that wants a password is given in the environment's block (index)", file, git.Redact(text))
		}
	}
	return nil
}

// withVariable is a text in the value that holds a variable as pip knows it, or "".
func withVariable(value any) string {
	switch v := value.(type) {
	case string:
		if lineVariable.MatchString(v) {
			return v
		}
	case []map[string]any:
		for _, element := range v {
			if text := withVariable(element); text != "" {
				return text
			}
		}
	case []any:
		for _, element := range v {
			if text := withVariable(element); text != "" {
				return text
			}
		}
	case map[string]any:
		for _, name := range sortedNames(v) {
			if text := withVariable(v[name]); text != "" {
				return text
			}
		}
	}
	return ""
}

// registryForm is the address of a package index: what ends up in a requirements
// file holds no space, and no credentials, which uv leaves out of its lock.
var registryForm = regexp.MustCompile(`^https?://[^\s@#;]+$`)

// isProject reports whether these are the files of a uv project.
func (r *Requirements) isProject() bool { return path.Base(r.Path) == projectLock }

func (r *Requirements) pyproject() (*pyproject, error) {
	name := path.Join(path.Dir(r.Path), pyprojectFile)
	return parsePyproject(name, r.Files[name])
}

// registries are the package indexes that the project was locked from, sorted.
func (r *Requirements) registries() []string {
	l, err := parseUVLock(r.Path, r.Files[r.Path])
	if err != nil {
		return nil // it could not have been read
	}
	all := map[string]bool{}
	for _, p := range l.Package {
		if p.Source.Registry != "" {
			all[p.Source.Registry] = true
		}
	}
	return sortedNames(all)
}

// publicIndex is what pip and uv ask if nobody tells them otherwise.
const publicIndex = "https://pypi.org/simple"

// registryLines are those of a requirements file that name the indexes, none where
// it is the public one alone, which a site may have a mirror of.
func (r *Requirements) registryLines() (lines []string) {
	all := r.registries()
	public := slices.Contains(all, publicIndex)
	for _, address := range all {
		switch {
		case address == publicIndex:
		case !public && len(lines) == 0:
			lines = append(lines, "--index-url "+address)
		default:
			lines = append(lines, "--extra-index-url "+address)
		}
	}
	return lines
}

// project reads the arguments of a uv project.
func (b *Block) project(v *Venv) *Requirements {
	a, extras, groups := b.Group.get("project"), b.Group.get("extras"), b.Group.get("groups")
	if a == nil {
		for _, further := range []*Argument{extras, groups} {
			if further != nil {
				b.fault(further, nil, "No project", "%s names a part of what a uv project asks for, and no project is given: project = \".\".", further.Name)
			}
		}
		return nil
	}
	v.Extras, v.Groups = b.projectParts(extras, `["gpu"]`), b.projectParts(groups, `["train"]`)
	if !b.early(a) {
		return nil
	}
	dir, ok := b.text(a)
	if !ok {
		return nil
	}
	if base := path.Base(dir); base == pyprojectFile || base == projectLock {
		b.fault(a, nil, unsuitable, "project is the folder of %s and %s. Did you mean %q?", pyprojectFile, projectLock, path.Dir(dir))
		return nil
	}
	if _, err := insidePath(dir); err != nil {
		b.fault(a, nil, "Invalid path", "%q %s.", dir, err)
		return nil
	}
	return b.read(a, path.Join(dir, projectLock), v)
}

var projectPart = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

// projectParts reads names of extras or groups.
func (b *Block) projectParts(a *Argument, example string) []string {
	if !b.early(a) {
		return nil
	}
	elements, _ := b.list(a, example)
	var names []string
	for _, e := range elements {
		if isNull(e.value) {
			continue
		}
		name, ok := b.text(a.of(e))
		if !ok {
			continue
		}
		if !projectPart.MatchString(name) {
			b.fault(a, e.expr, unsuitable, "%q is not a name such as %s.", name, strings.Trim(example, "[]"))
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// knownParts refuses extras and groups that the project does not have.
func (b *Block) knownParts(r *Requirements, v *Venv) {
	p, err := r.pyproject()
	if err != nil {
		return // it could not have been read
	}
	var hasExtras []string
	if p.Project != nil {
		hasExtras = sortedNames(p.Project.Extras)
	}
	hasGroups := sortedNames(p.Groups)
	if p.Tool.UV.Dev != nil {
		hasGroups = append(hasGroups, "dev")
	}
	b.knownPart(b.Group.get("extras"), v.Extras, "extra", hasExtras, "group", hasGroups)
	b.knownPart(b.Group.get("groups"), v.Groups, "dependency group", hasGroups, "extra", hasExtras)
}

// knownPart refuses elements that are not among known.
func (b *Block) knownPart(a *Argument, wanted []string, what string, known []string, other string, others []string) {
	if len(wanted) == 0 {
		return // none, or none that is a name
	}
	elements, _ := b.list(a, "")
	for _, e := range elements {
		v, _ := e.value.Unmark()
		if !isText(v) || !slices.Contains(wanted, v.AsString()) || isNamed(v.AsString(), known) {
			continue
		}
		b.fault(a, e.expr, "Unknown "+what, "The project has no %s %q.%s", what, v.AsString(), partHint(v.AsString(), known, other, others))
	}
}

// partHint finds what was meant, which may be a part of the other kind.
func partHint(name string, known []string, other string, others []string) string {
	if isNamed(name, others) {
		return fmt.Sprintf(" Of that name it has %ss = [%q].", other, name)
	}
	if hint := DidYouMean(name, known); hint != "" || len(known) == 0 {
		return hint
	}
	return " It has " + strings.Join(known, ", ") + "."
}

// projectHint says what to do about a file of a project that is not there.
func projectHint(name string, err error) string {
	var missing *fs.PathError
	if path.Base(name) != projectLock || errors.As(err, &missing) && path.Base(missing.Path) == pyprojectFile {
		return ""
	}
	return " It is written by \"uv lock\"; commit it."
}
