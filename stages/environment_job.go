package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/stages/python"
)

// Tools are the programs that build an environment, as the submitting machine
// has them. They are named by their full path, because a job does not see its
// submitter's PATH.
type Tools struct {
	Python string // an interpreter of the wanted version, or "" where a module brings it
	UV     string // uv, or "" where there is none
	Conda  string // micromamba, mamba or conda, or "" where there is none
}

// wheelsFile and sourcesFile are the requirements files that a job installs
// from: the packages of the lock file, each with the sha256 of its files.
const (
	wheelsFile  = "requirements.txt"
	sourcesFile = "sources.txt"
)

// venvWork builds a virtual environment at $RUNPIPE_VENV, a path that is never
// used twice, and leaves a link to it: a venv breaks when it is moved.
func venvWork(s *Stage, at Placement) (work, error) {
	w := work{outputs: map[string]string{"path": venvOutput}}
	var install *installation
	if s.Venv.Installs() {
		if s.Venv.Lock == nil {
			return work{}, fmt.Errorf("its packages are not locked")
		}
		if len(s.Venv.Lock.Packages) > 0 {
			install = newInstallation(s.Venv, at)
			w.files = install.files
		}
	}
	index, extra := indexesOf(s)
	w.passEnv = networkOf(at, python.ReplacedVariables(index, extra), s.Venv.Prefetch)
	if install != nil {
		for _, name := range install.variables {
			if !slices.Contains(w.passEnv, name) {
				w.passEnv = append(w.passEnv, name)
			}
		}
	}
	w.script = venvScript(s, at, install)
	return w, nil
}

// installation is what a job installs.
type installation struct {
	files     map[string][]byte // requirements files with hashes, by name: wheelsFile first, then sourcesFile
	variables []string          // that stand in them
	machine   string            // uname -m of the machines that the packages are for
	indexes   []string          // where they come from, if the block says so; or
	folder    string            // where they have been fetched to
	project   bool              // they come from the indexes of a project, any of which may have a file
}

func newInstallation(v *Venv, at Placement) *installation {
	i := &installation{files: map[string][]byte{}, machine: python.Machine(v.Lock.Platform), indexes: v.ExtraIndex}
	if v.Prefetch {
		i.folder, i.indexes = v.Lock.Gathered(at.Packages), nil
		i.add("", v.Lock.Fetched())
		return i
	}
	if v.Index != "" {
		i.indexes = append([]string{v.Index}, v.ExtraIndex...)
	}
	head := ""
	if v.Requirements != nil {
		var lines []string
		lines, i.variables = v.indexLines()
		for _, line := range lines {
			head += line + "\n"
		}
		i.project = v.Requirements.isProject() && len(lines) > 0
	}
	i.add(head, v.Lock)
	return i
}

func (i *installation) add(head string, l *python.Lock) {
	i.files[wheelsFile] = append([]byte(head), l.Wheels()...)
	if sources := l.Sources(); len(sources) > 0 {
		i.files[sourcesFile] = append([]byte(head), sources...)
	}
}

func venvScript(s *Stage, at Placement, install *installation) string {
	tools := at.Tools
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	wanted := s.Venv.WantedPython()
	if install != nil {
		for _, name := range sortedNames(install.files) {
			sum := sha256.Sum256(install.files[name])
			line(`%s=%s`, strings.TrimSuffix(name, ".txt"), slurm.Quote(filepath.Join(at.StageDir, name)))
			line(`echo "%s  $%s" | sha256sum --check --quiet`, hex.EncodeToString(sum[:]), strings.TrimSuffix(name, ".txt"))
		}
		line(`if [ "$(uname -m)" != %s ]; then`, install.machine)
		line(`  echo "runpipe: the packages were locked for %s, and this node is $(uname -m): set platform in the environment's block, or have Slurm choose other nodes (constraint)" >&2`, install.machine)
		line(`  exit 1`)
		line(`fi`)
		line("")
	}
	line("python=$(command -v %s) || python=", strings.Join(interpreters(wanted, s.Modules, tools), " || command -v "))
	findUV(line, tools)
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
	if install != nil {
		line("")
		install.script(line)
	}
	line("")
	line("# For the record: what is there now.")
	line(`"$venv_python" -I - >"$RUNPIPE_VENV/%s" <<'END'`, InstalledFile)
	b.WriteString(installedScript)
	line("END")
	line(`ln -s "$RUNPIPE_VENV" %s`, venvOutput)
	return b.String()
}

// findUV sets $uv. The working copy lies within the workspace, which may lie within a
// project of the user's, and uv would take the settings in the pyproject.toml and uv.toml
// of all folders above: files that nothing pins.
func findUV(line func(string, ...any), tools Tools) {
	if tools.UV != "" {
		line("uv=%s", slurm.Quote(tools.UV))
		line(`[ -x "$uv" ] || uv=$(command -v uv) || uv=`)
	} else {
		line("uv=$(command -v uv) || uv=")
	}
	line("export UV_PROJECT=/ # no settings for uv out of the folders above")
}

// script installs the wheels, then what is built with their help.
func (i *installation) script(line func(string, ...any)) {
	line("# Exactly what is locked: nothing is resolved here, and every file's sha256 is checked.")
	if len(i.indexes) > 0 {
		line("# From %s, by the variables of pip and uv.", strings.Join(i.indexes, " and "))
	}
	line(`if [ -n "$uv" ]; then`)
	line(`  install=("$uv" pip install --python "$venv_python" --compile-bytecode)`)
	line("else")
	line(`  install=("$venv_python" -m pip install --disable-pip-version-check --no-input --progress-bar off)`)
	line("fi")
	if i.folder != "" {
		line("# They were fetched when the job was submitted: no network is needed.")
		line(`install+=(--no-index --find-links %s)`, slurm.Quote(i.folder))
	}
	if i.project {
		line("export UV_INDEX_STRATEGY=unsafe-best-match # each index of the project is looked into")
	}
	line(`"${install[@]}" --no-deps --require-hashes --requirement "$requirements"`)
	if i.files[sourcesFile] != nil {
		line("# These have no wheels. They are built with what was just installed, not with what an isolated build would fetch.")
		line(`"${install[@]}" --no-deps --require-hashes --no-build-isolation --requirement "$sources"`)
	}
}

// interpreters names where to look for one, best first. A module's python is
// found by its name; else the one that the submitting machine has comes first.
func interpreters(wanted string, modules []string, tools Tools) []string {
	var names []string
	if len(modules) == 0 && tools.Python != "" {
		names = append(names, slurm.Quote(tools.Python))
	}
	if minor := python.Minor(wanted); minor != "" {
		names = append(names, "python"+minor)
	}
	return append(names, "python3")
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

// SetNetwork picks those of python.NetworkVariables that environ ("NAME=value")
// sets, sorted.
func SetNetwork(environ []string) []string {
	var set []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if _, known := slices.BinarySearch(python.NetworkVariables, name); value != "" && known {
			set = append(set, name)
		}
	}
	slices.Sort(set)
	return set
}
