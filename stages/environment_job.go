package stages

import (
	"fmt"
	"path/filepath"
	"sort"
	"strings"

	"github.com/runpipe/runpipe/slurm"
)

// Tools are the programs that build an environment, as the submitting machine
// has them. They are named by their full path, because a job does not see its
// submitter's PATH.
type Tools struct {
	Python string // an interpreter of the wanted version, or "" where a module brings it
	UV     string // uv, or "" where there is none
}

// NetworkVariables are handed to a job that installs packages, if they are set
// where it is submitted: they tell how the network is reached, not what is
// installed, and may hold a proxy's password, so that they travel like secrets.
var NetworkVariables = []string{
	"ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY",
	"PIP_CACHE_DIR", "PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_TRUSTED_HOST",
	"REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE",
	"UV_CACHE_DIR", "UV_DEFAULT_INDEX", "UV_FIND_LINKS", "UV_INDEX", "UV_INDEX_URL",
	"all_proxy", "http_proxy", "https_proxy", "no_proxy",
}

// venvWork builds a virtual environment at $RUNPIPE_VENV, a path that is never
// used twice, and leaves a link to it: a venv breaks when it is moved.
func venvWork(s *Stage, at Placement) (work, error) {
	w := work{outputs: map[string]string{"path": venvOutput}, passEnv: at.Network}
	install := ""
	switch v := s.Venv; {
	case len(v.Packages) > 0:
		w.files = map[string][]byte{"requirements.txt": []byte(strings.Join(v.Packages, "\n") + "\n")}
		install = filepath.Join(at.StageDir, "requirements.txt")
	case v.Requirements != nil:
		w.files = map[string][]byte{}
		for path, content := range v.Requirements.Files {
			w.files["requirements/"+path] = content
		}
		install = filepath.Join(at.StageDir, "requirements", filepath.FromSlash(v.Requirements.Path))
	}
	w.script = venvScript(s, at.Tools, install)
	return w, nil
}

func venvScript(s *Stage, tools Tools, requirements string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	wanted := s.Venv.Python
	line("python=$(command -v %s) || python=", strings.Join(interpreters(wanted, s.Modules, tools), " || command -v "))
	if tools.UV != "" {
		line("uv=%s", slurm.Quote(tools.UV))
		line(`[ -x "$uv" ] || uv=$(command -v uv) || uv=`)
	} else {
		line("uv=$(command -v uv) || uv=")
	}
	line(`if [ -z "$python$uv" ]; then`)
	line("  echo %s >&2", slurm.Quote("runpipe: this node has no "+pythonName(wanted)+": load a module that brings it (modules = [\"python/…\"]), or install it"))
	line("  exit 127")
	line("fi")
	line("")
	line(`if [ -n "$uv" ]; then`)
	line(`  "$uv" venv --quiet --python "${python:-%s}" "$RUNPIPE_VENV"`, orAny(wanted))
	line("else")
	line(`  "$python" -m venv "$RUNPIPE_VENV"`)
	line("fi")
	line(`venv_python=$RUNPIPE_VENV/bin/python`)
	line(`have=$("$venv_python" -c 'import platform; print(platform.python_version())')`)
	if wanted != "" {
		line(`case $have. in`)
		line(`%s.*) ;;`, wanted)
		line(`*)`)
		line(`  echo "runpipe: python %s is wanted, and ${python:-uv} is $have" >&2`, wanted)
		line(`  exit 1`)
		line(`  ;;`)
		line(`esac`)
	}
	line(`echo "python $have"`)
	if requirements != "" {
		line("")
		line("requirements=%s", slurm.Quote(requirements))
		line(`if [ -n "$uv" ]; then`)
		line(`  "$uv" pip install --python "$venv_python" --requirement "$requirements"`)
		line("else")
		line(`  "$venv_python" -m pip install --disable-pip-version-check --no-input --progress-bar off --requirement "$requirements"`)
		line("fi")
	}
	line(`ln -s "$RUNPIPE_VENV" %s`, venvOutput)
	return b.String()
}

// interpreters names where to look for one, best first. A module's python is
// found by its name; else the one that the submitting machine has comes first.
func interpreters(wanted string, modules []string, tools Tools) []string {
	var names []string
	if len(modules) == 0 && tools.Python != "" {
		names = append(names, slurm.Quote(tools.Python))
	}
	if minor := minorVersion(wanted); minor != "" {
		names = append(names, "python"+minor)
	}
	return append(names, "python3")
}

// minorVersion is the "3.10" of "3.10.4", or "" for less than that.
func minorVersion(version string) string {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "." + parts[1]
}

func pythonName(wanted string) string {
	if wanted == "" {
		return "python3"
	}
	return "python " + wanted
}

func orAny(wanted string) string {
	if wanted == "" {
		return "3"
	}
	return wanted
}

// SetNetwork picks those of NetworkVariables that environ ("NAME=value") sets, sorted.
func SetNetwork(environ []string) []string {
	var set []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if i := sort.SearchStrings(NetworkVariables, name); value != "" && i < len(NetworkVariables) && NetworkVariables[i] == name {
			set = append(set, name)
		}
	}
	sort.Strings(set)
	return set
}
