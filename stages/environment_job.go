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
}

// lockedFile is the requirements file that a job installs from: the packages of
// the lock file, each with the sha256 of its files.
const lockedFile = "requirements.txt"

// venvWork builds a virtual environment at $RUNPIPE_VENV, a path that is never
// used twice, and leaves a link to it: a venv breaks when it is moved.
func venvWork(s *Stage, at Placement) (work, error) {
	w := work{outputs: map[string]string{"path": venvOutput}, passEnv: at.Network}
	var install *installation
	if s.Venv.Installs() {
		if s.Venv.Lock == nil {
			return work{}, fmt.Errorf("its packages are not locked")
		}
		content := s.Venv.Lock.Requirements()
		sum := sha256.Sum256(content)
		w.files = map[string][]byte{lockedFile: content}
		install = &installation{
			file: filepath.Join(at.StageDir, lockedFile), sum: hex.EncodeToString(sum[:]),
			machine: python.Machine(s.Venv.Lock.Platform),
		}
	}
	w.script = venvScript(s, at.Tools, install)
	return w, nil
}

// installation is what a job installs.
type installation struct {
	file    string // a requirements file with hashes
	sum     string // its sha256, in hex
	machine string // uname -m of the machines that the files are for
}

func venvScript(s *Stage, tools Tools, install *installation) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	wanted := s.Venv.WantedPython()
	if install != nil {
		line(`requirements=%s`, slurm.Quote(install.file))
		line(`echo "%s  $requirements" | sha256sum --check --quiet`, install.sum)
		line(`if [ "$(uname -m)" != %s ]; then`, install.machine)
		line(`  echo "runpipe: the packages were locked for %s, and this node is $(uname -m): set platform in the environment's block, or have Slurm choose other nodes (constraint)" >&2`, install.machine)
		line(`  exit 1`)
		line(`fi`)
		line("")
	}
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
	if install != nil {
		line("")
		line("# Exactly what is locked: nothing is resolved here, and every file's sha256 is checked.")
		line(`if [ -n "$uv" ]; then`)
		line(`  "$uv" pip install --python "$venv_python" --no-deps --require-hashes --requirement "$requirements"`)
		line("else")
		line(`  "$venv_python" -m pip install --disable-pip-version-check --no-input --progress-bar off --no-deps --require-hashes --requirement "$requirements"`)
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
