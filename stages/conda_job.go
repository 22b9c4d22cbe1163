package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/runpipe/runpipe/slurm"
	"github.com/runpipe/runpipe/stages/conda"
	"github.com/runpipe/runpipe/stages/python"
)

// condaFile is the list that a job installs from: the packages of the lock file,
// each with its sha256.
const condaFile = "conda.txt"

// condaClient is the path of the first client that a node has.
const condaClient = "$(type -P micromamba || type -P mamba || type -P conda)"

// condaWork builds an environment of conda's at $RUNPIPE_VENV, as venvWork does: a
// prefix stands in the files of its packages, and cannot be moved.
func condaWork(s *Stage, at Placement) (work, error) {
	if s.Venv.Lock == nil {
		return work{}, fmt.Errorf("its packages are not locked")
	}
	list := conda.Locked(s.Venv.Lock)
	w := work{outputs: map[string]string{"path": venvOutput}, files: map[string][]byte{condaFile: list.Text()}}
	if !s.Venv.Prefetch {
		w.passEnv = list.Variables()
		for _, name := range at.Network {
			if !strings.HasPrefix(name, "PIP_") && !strings.HasPrefix(name, "UV_") {
				w.passEnv = append(w.passEnv, name)
			}
		}
	}
	w.script = condaScript(s, at, w.files[condaFile])
	return w, nil
}

func condaScript(s *Stage, at Placement, list []byte) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	sum := sha256.Sum256(list)
	machine := python.Machine(s.Venv.Lock.Platform)
	line("list=%s", slurm.Quote(filepath.Join(at.StageDir, condaFile)))
	line(`echo "%s  $list" | sha256sum --check --quiet`, hex.EncodeToString(sum[:]))
	line(`if [ "$(uname -m)" != %s ]; then`, machine)
	line(`  echo "runpipe: the packages were locked for %s, and this node is $(uname -m): set platform in the environment's block and name a list for it, or have Slurm choose other nodes (constraint)" >&2`, machine)
	line(`  exit 1`)
	line(`fi`)
	line("")
	switch tool := slurm.Quote(at.Tools.Conda); {
	case at.Tools.Conda == "":
		line(`conda=%s || conda=`, condaClient)
	case len(s.Modules) > 0: // which may bring one
		line(`conda=%s || conda=%s`, condaClient, tool)
	default:
		line("conda=%s", tool)
		line(`[ -x "$conda" ] || conda=%s || conda=`, condaClient)
	}
	line(`if [ ! -x "$conda" ]; then`)
	line("  echo %s >&2", slurm.Quote("runpipe: this node has neither micromamba nor mamba nor conda: load a module that brings one (modules = [\"miniforge\"]), or install micromamba"))
	line("  exit 127")
	line("fi")
	line("")
	line("# Exactly what is locked: the sha256 of every file is checked here, and the client is given files only.")
	fetch := " --fetch"
	if s.Venv.Prefetch {
		line("# They were fetched when the job was submitted: no network is needed.")
		fetch = ""
	}
	line(`"$runpipe" conda-packages --cache %s%s "$list" channel`, slurm.Quote(at.Packages), fetch)
	line("")
	line("# With a home of its own the client reads no .condarc, and shares no cache with anything else.")
	line(`export HOME="$PWD/home" MAMBA_ROOT_PREFIX="$PWD/mamba" MAMBA_NO_RC=true`)
	line(`export CONDA_PKGS_DIRS="$PWD/pkgs" CONDA_CHANNELS="$PWD/channel" CONDA_ALLOW_SOFTLINKS=false CONDA_ALWAYS_SOFTLINK=false`)
	line(`mkdir "$HOME" "$CONDA_PKGS_DIRS"`)
	line(`"$conda" create --yes --quiet --offline --prefix "$RUNPIPE_VENV" --file channel/explicit.txt`)
	line(`rm -rf "$CONDA_PKGS_DIRS" || : # what is installed was linked from there, or copied`)
	line("")
	line(`if [ -x "$RUNPIPE_VENV/bin/python" ]; then`)
	line("  # Bytecode older than its source is written anew by whoever imports it, which would look like a change.")
	line(`  "$RUNPIPE_VENV/bin/python" -I -m compileall -qq "$RUNPIPE_VENV"/lib/python3*/ || :`)
	line("  # For the record: what it says of itself.")
	line(`  "$RUNPIPE_VENV/bin/python" -I - >python.json <<'END'`)
	b.WriteString(installedScript)
	line("END")
	line("fi")
	line("# What is there now has to be what is locked.")
	wanted := ""
	if s.Venv.Python != "" {
		wanted = " --python " + s.Venv.Python
	}
	line(`"$runpipe" conda-installed%s "$list" "$RUNPIPE_VENV" python.json`, wanted)
	line(`ln -s "$RUNPIPE_VENV" %s`, venvOutput)
	return b.String()
}
