package python

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// errOldUV says that this uv writes no lock that can be read: pylock.toml
// (PEP 751) came with uv 0.6.15.
var errOldUV = errors.New("uv is too old")

// uvPlatforms are uv's names of platforms. The version of manylinux is that of
// RHEL 8 and all that are newer, which has wheels of what is current.
var uvPlatforms = map[string]string{"linux_x86_64": "x86_64-manylinux_2_28", "linux_aarch64": "aarch64-manylinux_2_28"}

// byUV resolves with `uv pip compile`.
func (s *resolution) byUV(ctx context.Context, uv string) (*Lock, error) {
	minor, args, err := s.uvTarget(ctx)
	if err != nil {
		return nil, err
	}
	if s.Project != nil {
		args = append(args, "--no-deps") // all is chosen
	}
	if s.AnyIndex {
		args = append(args, "--index-strategy", "unsafe-best-match")
	}
	args = append(args, s.constraint...)
	args = append([]string{"pip", "compile", "--quiet", "--no-header", "--no-annotate", "--format", "pylock.toml"}, args...)
	out, err := s.run(ctx, s.environ, uv, append(args, s.files...)...)
	var failed *ResolverError
	if errors.As(err, &failed) && strings.Contains(failed.Text, "pylock.toml") && strings.Contains(failed.Text, "--format") {
		return nil, errOldUV
	}
	if err != nil {
		return nil, err
	}
	packages, err := parsePylock(string(out))
	if err != nil {
		return nil, fmt.Errorf("reading uv's answer: %w", err)
	}
	return &Lock{Python: minor, Platform: s.Platform, Packages: packages}, nil
}

// uvTarget chooses the version of Python and the platform. uv needs no
// interpreter of that version to resolve for it.
func (s *resolution) uvTarget(ctx context.Context) (minor string, args []string, err error) {
	minor = Minor(s.Python)
	if minor == "" || len(s.Modules) == 0 {
		found, _, err := s.interpreter(ctx)
		var missing *MissingError
		switch {
		case err == nil:
			minor, args = Minor(found.Version), []string{"--python", found.Path}
		case minor == "" || !errors.As(err, &missing): // else uv brings interpreters of its own
			return "", nil, err
		}
	}
	if len(args) == 0 {
		args = []string{"--python-version", minor}
	}
	if s.Platform != Platform() {
		name, ok := uvPlatforms[s.Platform]
		if !ok {
			return "", nil, fmt.Errorf("uv has no name for the platform %s: resolve on a machine of that kind", s.Platform)
		}
		args = append(args, "--python-platform", name, "--only-binary", ":all:")
	}
	return minor, args, nil
}

// interpreter is the one that the job will use: that of the modules, or the one
// on PATH. Its environment is that in which it can be started.
func (s *resolution) interpreter(ctx context.Context) (Interpreter, []string, error) {
	if len(s.Modules) > 0 {
		return s.moduleInterpreter(ctx)
	}
	found, err := Find(ctx, s.Python)
	return found, s.environ, err
}
