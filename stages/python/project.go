package python

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Project is what is asked of a uv project.
type Project struct {
	Extras     []string
	Groups     []string // dependency groups; none stands for none, whatever uv's default
	Registries []string // the indexes that it was locked from, without credentials
	Lines      []string // of a requirements file, that name them for an installer
}

// projectFile is what uv.lock says, as a requirements file.
const projectFile = ".project.txt"

// export turns a project's uv.lock into a requirements file with hashes, which uv
// does only while the lock is what pyproject.toml asks for.
func (s *resolution) export(ctx context.Context) error {
	uv := UV()
	if uv == "" {
		return errors.New("a project is read by uv, and there is no uv on this machine's PATH: install it (pip install uv), or export the project to a requirements file (uv export)")
	}
	args := []string{"export", "--quiet", "--locked", "--project", filepath.Join(s.dir, filepath.FromSlash(path.Dir(s.File))),
		"--format", "requirements.txt", "--no-emit-project", "--no-header", "--no-annotate", "--no-default-groups"}
	for _, name := range s.Project.Extras {
		args = append(args, "--extra", name)
	}
	for _, name := range s.Project.Groups {
		args = append(args, "--group", name)
	}
	if found, _, err := s.interpreter(ctx); err == nil {
		args = append(args, "--python", found.Path)
	}
	out, err := s.run(ctx, s.exportEnviron(), uv, args...)
	var failed *ResolverError
	if errors.As(err, &failed) && strings.Contains(failed.Text, "needs to be updated") {
		return fmt.Errorf("%s is not what its pyproject.toml asks for any more: run uv lock there, and commit both", s.File)
	}
	if err != nil {
		return err
	}
	if err := s.readExport(string(out)); err != nil {
		return err
	}
	text := strings.Join(append(slices.Clone(s.Project.Lines), string(out)), "\n")
	if err := os.WriteFile(filepath.Join(s.dir, projectFile), []byte(text), 0o600); err != nil {
		return fmt.Errorf("laying out the requirements: %w", err)
	}
	s.files = []string{projectFile}
	return nil
}

// exportEnviron has uv believe the indexes of the lock, where it would otherwise call
// a lock out of date that was made with another index than the one at hand.
func (s *resolution) exportEnviron() []string {
	environ := slices.DeleteFunc(slices.Clone(s.environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(indexVariables, name)
	})
	if all := s.Project.Registries; len(all) > 0 {
		environ = append(environ, "UV_DEFAULT_INDEX="+all[0])
		if len(all) > 1 {
			environ = append(environ, "UV_INDEX="+strings.Join(all[1:], " "))
		}
	}
	return environ
}

var (
	exportedName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*`)
	exportedHash = regexp.MustCompile(`--hash=(sha256:[0-9a-f]{64})`)
)

// readExport takes the hashes of each package, and refuses those that have none.
func (s *resolution) readExport(text string) error {
	s.hashes = map[string][]string{}
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name := Normalize(exportedName.FindString(line))
		if name == "" || strings.Contains(line, "@ git+") || strings.Contains(line, "@ file:") {
			if name == "" {
				name = line
			}
			return &OriginError{name}
		}
		for _, m := range exportedHash.FindAllStringSubmatch(line, -1) {
			s.hashes[name] = append(s.hashes[name], m[1])
		}
		if len(s.hashes[name]) == 0 {
			return fmt.Errorf("uv.lock has no sha256 of %s, so that it cannot be locked", name)
		}
	}
	return nil
}

// keepLocked drops the files that uv.lock does not have.
func (s *resolution) keepLocked(l *Lock) error {
	for _, p := range l.Packages {
		known, ok := s.hashes[p.Name]
		if !ok {
			continue // it builds another
		}
		for name, hash := range p.Files {
			if !slices.Contains(known, hash) {
				delete(p.Files, name)
			}
		}
		if len(p.Files) == 0 {
			return fmt.Errorf("the index has other files of %s %s than those that uv.lock names: run uv lock, or give the index that it was locked from (index)", p.Name, p.Version)
		}
	}
	return nil
}
