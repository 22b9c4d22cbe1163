package python

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// moduleScript loads modules in the shell of a login, with its user's own files
// out of the way, and prints the environment that results. Where the profile
// defines no `module`, the usual places of Lmod and Environment Modules do.
const moduleScript = `
if ! command -v module >/dev/null; then
  for init in /usr/share/lmod/lmod/init/bash /etc/profile.d/lmod.sh /etc/profile.d/modules.sh \
    /usr/share/modules/init/bash /usr/share/Modules/init/bash "${MODULESHOME:-/nonexistent}/init/bash"; do
    if [ -r "$init" ]; then . "$init"; break; fi
  done
fi
command -v module >/dev/null || exit 61
module load "$@" || exit 62
exec env -0
`

// moduleInterpreter is the one that is there once the modules are loaded, with
// the environment that it needs. Without a module system here, one of the
// wanted version on PATH takes its place: the packages are the same.
func (s *resolution) moduleInterpreter(ctx context.Context) (Interpreter, []string, error) {
	environ, err := s.moduleEnviron(ctx)
	if err != nil {
		if Minor(s.Python) == "" {
			return Interpreter{}, nil, fmt.Errorf("%w, and without python = \"3.…\" in the block it is not known which version they bring", err)
		}
		found, missing := Find(ctx, Minor(s.Python))
		if missing != nil {
			return Interpreter{}, nil, fmt.Errorf("%w; %w. Resolve where the modules are, or install uv, which needs no python of that version to resolve for it", err, missing)
		}
		return found, s.environ, nil
	}
	for _, name := range Names(s.Python) {
		path := lookPath(name, environ)
		if path == "" {
			continue
		}
		found, err := Ask(ctx, path, environ)
		if err == nil && Matches(s.Python, found.Version) {
			return found, environ, nil
		}
	}
	return Interpreter{}, nil, fmt.Errorf("the modules %s bring no python %s", strings.Join(s.Modules, ", "), s.Python)
}

// moduleEnviron is the environment after loading the modules.
func (s *resolution) moduleEnviron(ctx context.Context) ([]string, error) {
	home, err := os.MkdirTemp(s.dir, ".home-")
	if err != nil {
		return nil, err
	}
	names := strings.Join(s.Modules, ", ")
	args := append([]string{"--login", "-c", moduleScript, "bash"}, s.Modules...)
	out, err := s.run(ctx, []string{"HOME=" + home}, "/bin/bash", args...)
	var failed *ResolverError
	if errors.As(err, &failed) {
		if strings.HasSuffix(failed.Err.Error(), " 61") {
			return nil, fmt.Errorf("there is no module system on this machine to load %s", names)
		}
		lines := strings.Fields(strings.Join(firstLines(failed.Text, 2), " ")) // the rest is advice
		return nil, fmt.Errorf("%s cannot be loaded on this machine (%s)", names, strings.Join(lines, " "))
	}
	if err != nil {
		return nil, err
	}
	loaded := map[string]bool{}
	var environ []string
	for entry := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		name, _, ok := strings.Cut(entry, "=")
		if ok && name != "HOME" && name != "PWD" && name != "OLDPWD" {
			environ, loaded[name] = append(environ, entry), true
		}
	}
	for _, entry := range s.environ { // the network's, and HOME for the cache
		if name, _, _ := strings.Cut(entry, "="); !loaded[name] {
			environ = append(environ, entry)
		}
	}
	return environ, nil
}

// lookPath finds a program on the PATH of environ, or "".
func lookPath(name string, environ []string) string {
	for _, entry := range environ {
		path, ok := strings.CutPrefix(entry, "PATH=")
		if !ok {
			continue
		}
		for dir := range strings.SplitSeq(path, ":") {
			full := dir + "/" + name
			if info, err := os.Stat(full); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return full
			}
		}
	}
	return ""
}

func firstLines(text string, n int) []string {
	lines := strings.Split(text, "\n")
	return lines[:min(n, len(lines))]
}
