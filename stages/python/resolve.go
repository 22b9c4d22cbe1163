package python

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/runpipe/runpipe/stages/git"
)

// Request is what is to be resolved.
type Request struct {
	Python     string            // wanted version, a prefix; "" is any
	Platform   string            // see Platform
	Modules    []string          // that bring the interpreter
	Files      map[string][]byte // requirements files by slash-separated path
	File       string            // the first of them
	Index      string            // with credentials, or ""
	ExtraIndex []string          // likewise
	Environ    []string          // of who asks
	Project    *Project          // File is the uv.lock of one; else nil
	// Base is the packages whose versions are taken wherever that is possible: what
	// is built has to fit them. nil: none.
	Base     *Lock
	AnyIndex bool // uv looks into all indexes for a package, as pip does, and not only into the first that has it
}

// Resolve finds the exact packages of a request, by uv where it is on PATH, else
// by pip's resolver. It asks the network, and changes nothing but their caches.
func Resolve(ctx context.Context, r Request) (*Lock, error) {
	dir, err := os.MkdirTemp("", "runpipe-resolve-")
	if err != nil {
		return nil, fmt.Errorf("making a folder to resolve in: %w", err)
	}
	defer os.RemoveAll(dir)
	for _, name := range slices.Sorted(maps.Keys(r.Files)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("laying out the requirements: %w", err)
		}
		if err := os.WriteFile(path, r.Files[name], 0o600); err != nil {
			return nil, fmt.Errorf("laying out the requirements: %w", err)
		}
	}
	s := &resolution{Request: r, dir: dir, environ: resolverEnviron(r), files: []string{r.File}}
	if r.Project != nil {
		if err := s.export(ctx); err != nil {
			return nil, err
		}
	}
	lock, err := s.resolveOverBase(ctx)
	if err == nil && lock.lacksBuilder() {
		lock, err = s.withBuilder(ctx)
	}
	if err == nil && r.Project != nil {
		err = s.keepLocked(lock)
	}
	if err != nil {
		return nil, err
	}
	lock.sort()
	return lock, lock.check()
}

// resolution is a request under way.
type resolution struct {
	Request
	dir        string // holds Files
	environ    []string
	files      []string            // what is asked: File, and what building needs
	hashes     map[string][]string // of a project's packages, by name: no others will do
	constraint []string            // arguments that name the versions of the base
}

// resolveOverBase resolves with the versions of the base or, where no others fit,
// without.
func (s *resolution) resolveOverBase(ctx context.Context) (*Lock, error) {
	if s.Base == nil {
		return s.resolve(ctx)
	}
	if err := os.WriteFile(filepath.Join(s.dir, baseFile), s.Base.constraints(), 0o600); err != nil {
		return nil, fmt.Errorf("laying out the requirements: %w", err)
	}
	s.constraint = []string{"--constraint", baseFile}
	lock, err := s.resolve(ctx)
	var failed *ResolverError
	if errors.As(err, &failed) {
		s.constraint = nil
		return s.resolve(ctx)
	}
	return lock, err
}

func (s *resolution) resolve(ctx context.Context) (*Lock, error) {
	uv := UV()
	if uv == "" {
		return s.byPip(ctx)
	}
	lock, err := s.byUV(ctx, uv)
	if errors.Is(err, errOldUV) {
		return s.byPip(ctx)
	}
	return lock, err
}

// check refuses what an installer could not check.
func (l *Lock) check() error {
	for i, p := range l.Packages {
		switch {
		case i > 0 && l.Packages[i-1].Name == p.Name:
			return fmt.Errorf("the resolver named %s twice", p.Name)
		case p.Version == "" && p.URL == "":
			return fmt.Errorf("the resolver named no version of %s", p.Name)
		case len(p.Files) == 0:
			return fmt.Errorf("the index has no sha256 for %s %s, so that it cannot be locked", p.Name, p.Version)
		}
	}
	return nil
}

// refused begins the names of the variables that would change what a resolver
// does beyond the network: where it installs, which files it reads.
var refused = []string{"PIP_", "UV_", "PYTHON", "VIRTUAL_ENV", "CONDA_"}

// resolverEnviron is the submitter's environment without what a job would not
// have either.
func resolverEnviron(r Request) []string {
	var environ []string
	replaced := ReplacedVariables(r.Index, r.ExtraIndex)
	for _, entry := range r.Environ {
		name, _, _ := strings.Cut(entry, "=")
		foreign := slices.ContainsFunc(refused, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if !slices.Contains(replaced, name) && (!foreign || slices.Contains(NetworkVariables, name)) {
			environ = append(environ, entry)
		}
	}
	return append(environ, indexEnviron(r.Index, r.ExtraIndex)...)
}

// run runs a resolver in the request's folder. Its own words are the error.
func (s *resolution) run(ctx context.Context, environ []string, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var out, err bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, environ, &out, &err
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it has children: a build, git
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if fault := cmd.Run(); fault != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if slices.Contains(args, "pip") && slices.Contains(args, "-m") {
			program = "pip"
		}
		return nil, &ResolverError{Program: filepath.Base(program), Err: fault, Text: s.words(err.String())}
	}
	return out.Bytes(), nil
}

// ResolverError is a resolver that found no answer.
type ResolverError struct {
	Program string
	Err     error
	Text    string // what it said, without credentials
}

// Error is what the resolver itself said.
func (e *ResolverError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("%s ended with %v", e.Program, e.Err)
	}
	return e.Text
}

// Unwrap is how the program ended.
func (e *ResolverError) Unwrap() error { return e.Err }

// longestAnswer bounds what is shown of a resolver's words, in bytes: a failed
// build says thousands of lines, and what matters stands at the end.
const longestAnswer = 4000

func (s *resolution) words(text string) string {
	var kept []string
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		line = strings.TrimPrefix(strings.TrimRight(strings.ReplaceAll(line, s.dir+"/", ""), " \r"), "ERROR: ")
		if line != "" && !strings.HasPrefix(line, "[notice]") && !strings.HasPrefix(line, "WARNING: ") {
			kept = append(kept, line)
		}
	}
	text = git.Redact(strings.Join(kept, "\n"))
	if len(text) > longestAnswer {
		text = "…" + strings.ToValidUTF8(text[len(text)-longestAnswer:], "")
	}
	return strings.TrimPrefix(text, "error: ")
}
