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

// layerOutput is the output that a layer leaves, by its path in the store.
const layerOutput = "layer"

// layerWork builds each checkout from a private copy, with what is locked for it
// and sees what is in the base, and installs it into a folder of its own.
func layerWork(s *Stage, at Placement) (work, error) {
	l := s.Layer
	w := work{outputs: map[string]string{"path": layerOutput}, installed: InstalledFile, files: map[string][]byte{}}
	var builds []build
	for i, c := range l.Checkouts {
		if c.Lock == nil {
			return work{}, fmt.Errorf("what %s is built with is not locked", c.Stage)
		}
		one := newBuild(l, c, i+1, at)
		w.lay = append(w.lay, StageFile{To: one.source, From: c.Path, Stage: c.Stage})
		for name, content := range one.files {
			w.files[name] = content
		}
		builds = append(builds, one)
	}
	index, extra := indexesOf(s)
	w.passEnv = networkOf(at, python.ReplacedVariables(index, extra), l.Prefetch)
	w.script = layerScript(s, at, builds)
	return w, nil
}

// networkOf names the variables that tell how the network is reached, but those
// that the block replaces. Without a network the place of a cache still counts.
func networkOf(at Placement, replaced []string, prefetched bool) (names []string) {
	for _, name := range at.Network {
		if !slices.Contains(replaced, name) && (!prefetched || strings.HasSuffix(name, "_CACHE_DIR")) {
			names = append(names, name)
		}
	}
	return names
}

// build is how one checkout is built.
type build struct {
	address         string
	source, tools   string            // folders of the working copy
	target          string            // likewise: where it is installed before it is laid on the layer
	files           map[string][]byte // requirements files with hashes, in the stage's folder
	wheels, sources string            // the names of those; or ""
	folder          string            // what they name has been fetched to, or ""
}

func newBuild(l *Layer, c Checkout, number int, at Placement) build {
	b := build{
		address: c.Stage, files: map[string][]byte{},
		source: fmt.Sprintf("source%d", number), tools: fmt.Sprintf("build%d", number), target: fmt.Sprintf("target%d", number),
	}
	lock := c.Lock
	if l.Prefetch {
		b.folder, lock = lock.Gathered(at.Packages), lock.Fetched()
	}
	if wheels := lock.Wheels(); len(wheels) > 0 {
		b.wheels = b.tools + ".txt"
		b.files[b.wheels] = wheels
	}
	if sources := lock.Sources(); len(sources) > 0 {
		b.sources = b.tools + "_sources.txt"
		b.files[b.sources] = sources
	}
	return b
}

func layerScript(s *Stage, at Placement, builds []build) string {
	l := s.Layer
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, one := range builds {
		for _, name := range sortedNames(one.files) {
			sum := sha256.Sum256(one.files[name])
			variable := strings.TrimSuffix(name, ".txt")
			line(`%s=%s`, variable, slurm.Quote(filepath.Join(at.StageDir, name)))
			line(`echo "%s  $%s" | sha256sum --check --quiet`, hex.EncodeToString(sum[:]), variable)
		}
	}
	line("")
	line("base=%s", slurm.Quote(at.Output(at.Keys[l.Base], venvOutput)))
	line(`have=$("$base/bin/python" -c 'import platform; print(platform.python_version())')`)
	if minor := builtFor(l); minor != "" {
		line(`case $have. in`)
		line(`%s.*) ;;`, minor)
		line(`*)`)
		line(`  echo "runpipe: what the checkouts are built with is locked for python %s, and the environment has $have: runpipe lock --upgrade=%s locks it anew" >&2`, minor, BlockOf(s.Address))
		line(`  exit 1`)
		line(`  ;;`)
		line(`esac`)
	}
	findUV(line, at.Tools)
	line(`if [ -n "$uv" ]; then`)
	line(`  install=("$uv" pip install --python "$base/bin/python") fresh=--no-cache`)
	line(`elif "$base/bin/python" -m pip --version >/dev/null 2>&1; then`)
	line(`  install=("$base/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off --no-compile) fresh=--no-cache-dir`)
	line("else")
	line(`  echo "runpipe: the environment was made by uv, without pip, and this node has no uv: put uv where all nodes see it" >&2`)
	line(`  exit 127`)
	line("fi")
	line("export SETUPTOOLS_SCM_PRETEND_VERSION=0+unknown # a checkout has no history to tell a version from")
	line("mkdir %s", layerOutput)
	// What stands first in the list comes last, on top of the others.
	for _, one := range slices.Backward(builds) {
		one.script(line)
	}
	line("")
	line("# For the record: what is there now.")
	line(`"$base/bin/python" -I - >%s <<'END'`, InstalledFile)
	line(`import sys`)
	line(`sys.path.insert(0, %q)`, layerOutput)
	b.WriteString(installedScript)
	line("END")
	return b.String()
}

// builtFor is the version of Python that the checkouts' build tools are locked for.
func builtFor(l *Layer) string {
	for _, c := range l.Checkouts {
		return c.Lock.Python
	}
	return ""
}

func (o build) script(line func(string, ...any)) {
	from := ""
	if o.folder != "" {
		from = " --no-index --find-links " + slurm.Quote(o.folder)
	}
	line("")
	line("# %s: what it is built with, exactly as it is locked, apart from the environment; then the checkout itself.", o.address)
	if o.wheels != "" {
		line(`"${install[@]}" --target "$PWD/%s"%s --no-deps --require-hashes --requirement "$%s"`, o.tools, from, strings.TrimSuffix(o.wheels, ".txt"))
	}
	with := fmt.Sprintf(`PYTHONPATH=$PWD/%s PATH=$PWD/%s/bin:$base/bin:$PATH`, o.tools, o.tools)
	if o.sources != "" {
		line(`%s \`, with)
		line(`  "${install[@]}" --target "$PWD/%s"%s --no-deps --require-hashes --no-build-isolation --requirement "$%s"`, o.tools, from, strings.TrimSuffix(o.sources, ".txt"))
	}
	line(`%s \`, with)
	line(`  "${install[@]}" "$fresh" --target "$PWD/%s" --no-index --no-deps --no-build-isolation "$PWD/%s"`, o.target, o.source)
	line(`cp -R "$PWD/%s/." %s`, o.target, layerOutput)
}
