package plan

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/runpipe/runpipe/stages"
)

// probeTimeout bounds how long an interpreter may take to say what it is: on a
// loaded file server a cold start takes seconds.
const probeTimeout = 20 * time.Second

// findTools looks on the submitter's PATH for what builds an environment. The
// python of a module is found in the job instead.
func findTools(ctx context.Context, s *stages.Stage, probe bool) (stages.Tools, error) {
	var tools stages.Tools
	if path, err := exec.LookPath("uv"); err == nil {
		tools.UV, _ = filepath.Abs(path) // fails only without a working directory
	}
	if len(s.Modules) > 0 {
		return tools, nil
	}
	var seen []string
	for _, name := range pythonNames(s.Venv.Python) {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if !probe {
			tools.Python = path
			return tools, nil
		}
		executable, version, err := askPython(ctx, path)
		if err == nil && versionMatches(s.Venv.Python, version) {
			tools.Python = executable
			return tools, nil
		}
		if err == nil {
			seen = append(seen, fmt.Sprintf("%s is %s", path, version))
		}
	}
	if tools.UV != "" && s.Venv.Python != "" {
		return tools, nil // uv brings interpreters of its own
	}
	return tools, missingPython(s, seen)
}

func pythonNames(wanted string) []string {
	names := []string{"python3", "python"}
	if parts := strings.Split(wanted, "."); len(parts) > 1 {
		names = append([]string{"python" + parts[0] + "." + parts[1]}, names...)
	}
	return names
}

// askPython starts an interpreter to learn its real path and version: what
// stands on PATH may be a shim that only works in its owner's shell.
func askPython(ctx context.Context, path string) (executable, version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-Ic", "import sys, platform; print(sys.executable); print(platform.python_version())")
	out, err := cmd.Output()
	if err != nil {
		return "", "", fmt.Errorf("asking %s for its version: %w", path, err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 2 {
		return "", "", fmt.Errorf("asking %s for its version: it answered %q", path, out)
	}
	return lines[0], lines[1], nil
}

// versionMatches reports whether version begins with wanted, number by number:
// "3.1" is no beginning of "3.10.4".
func versionMatches(wanted, version string) bool {
	return wanted == "" || strings.HasPrefix(version+".", wanted+".")
}

func missingPython(s *stages.Stage, seen []string) error {
	what := "python3"
	if s.Venv.Python != "" {
		what = "python " + s.Venv.Python
	}
	found := ""
	if len(seen) > 0 {
		found = " (" + strings.Join(seen, ", ") + ")"
	}
	return fmt.Errorf("%s wants %s, and none is on this machine's PATH%s. Install it or uv, change python = …, or load it by modules = […]", s.Address, what, found)
}
