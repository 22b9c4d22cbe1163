package python

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// probeTimeout bounds how long an interpreter may take to say what it is: on a
// loaded file server a cold start takes seconds.
const probeTimeout = 20 * time.Second

// Interpreter is a Python that was asked what it is.
type Interpreter struct {
	Path    string // of the program itself, not of a shim
	Version string // "3.11.7"
}

// Minor is the "3.11" of "3.11.7", or "" for less than that.
func Minor(version string) string {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "." + parts[1]
}

// Matches reports whether version begins with wanted, number by number: "3.1"
// is no beginning of "3.10.4".
func Matches(wanted, version string) bool {
	return wanted == "" || strings.HasPrefix(version+".", wanted+".")
}

// Names are what an interpreter of the wanted version may be called, best first.
func Names(wanted string) []string {
	names := []string{"python3", "python"}
	if minor := Minor(wanted); minor != "" {
		names = append([]string{"python" + minor}, names...)
	}
	return names
}

// Candidates are the programs of PATH that may be the wanted version, best first.
func Candidates(wanted string) []string {
	var paths []string
	for _, name := range Names(wanted) {
		if path, err := exec.LookPath(name); err == nil {
			if path, err = filepath.Abs(path); err == nil {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// MissingError says that no interpreter of the wanted version was found.
type MissingError struct {
	Wanted string        // "" is any
	Seen   []Interpreter // of other versions
}

// Error says which interpreter is wanted, and what was found instead.
func (e *MissingError) Error() string {
	what := "python3"
	if e.Wanted != "" {
		what = "python " + e.Wanted
	}
	var seen []string
	for _, i := range e.Seen {
		seen = append(seen, fmt.Sprintf("%s is %s", i.Path, i.Version))
	}
	found := ""
	if len(seen) > 0 {
		found = " (" + strings.Join(seen, ", ") + ")"
	}
	return fmt.Sprintf("%s is wanted, and none is on this machine's PATH%s", what, found)
}

// Find looks on PATH for an interpreter of the wanted version. The error is a
// *MissingError, or that of ctx.
func Find(ctx context.Context, wanted string) (Interpreter, error) {
	missing := &MissingError{Wanted: wanted}
	for _, path := range Candidates(wanted) {
		found, err := Ask(ctx, path, nil)
		if err != nil {
			continue
		}
		if Matches(wanted, found.Version) {
			return found, nil
		}
		missing.Seen = append(missing.Seen, Interpreter{Path: path, Version: found.Version})
	}
	if ctx.Err() != nil {
		return Interpreter{}, ctx.Err()
	}
	return Interpreter{}, missing
}

// Ask starts an interpreter to learn its real path and version: what stands on
// PATH may be a shim that only works in its owner's shell. A nil environ is
// that of this process.
func Ask(ctx context.Context, path string, environ []string) (Interpreter, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-Ic", "import sys, platform; print(sys.executable); print(platform.python_version())")
	cmd.Env, cmd.WaitDelay = environ, time.Second // a shim may leave a child that holds the pipe
	out, err := cmd.Output()
	if err != nil {
		return Interpreter{}, fmt.Errorf("asking %s for its version: %w", path, err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 2 {
		return Interpreter{}, fmt.Errorf("asking %s for its version: it answered %q", path, out)
	}
	return Interpreter{lines[0], lines[1]}, nil
}

// UV is the full path of uv on PATH, or "".
func UV() string {
	path, err := exec.LookPath("uv")
	if err != nil {
		return ""
	}
	path, _ = filepath.Abs(path) // fails only without a working directory
	return path
}
