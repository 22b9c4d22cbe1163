package stages

import (
	"strings"

	"github.com/runpipe/runpipe/stages/python"
)

// Installs reports whether the environment asks for packages: without, there is
// nothing to lock.
func (v *Venv) Installs() bool { return len(v.Packages) > 0 || v.Requirements != nil }

// Asked is what the environment's lock is found by. Its requirements must be
// read, or their digest known.
func (v *Venv) Asked() python.Asked {
	a := python.Asked{Packages: v.Packages, Python: v.Python, Platform: v.platform(), Index: v.Index, ExtraIndex: v.ExtraIndex}
	switch {
	case v.Conda && v.Requirements != nil:
		a.Python, a.Conda = "", v.Requirements.Digest // which python is a check, and chooses nothing
	case v.Requirements != nil:
		a.Requirements = v.Requirements.Digest
	}
	return a
}

// platform is the one that packages are wanted for.
func (v *Venv) platform() string {
	if v.Platform != "" {
		return v.Platform
	}
	return python.Platform()
}

// WantedPython is the version that the job looks for: the one that the packages
// were locked for, unless the block is more precise.
func (v *Venv) WantedPython() string {
	if v.Lock == nil || python.Minor(v.Python) != "" {
		return v.Python
	}
	return v.Lock.Python
}

// venvIngredients is what is installed, and not how it was asked for: a comment
// in a requirements file builds nothing anew.
func venvIngredients(v *Venv, in map[string]any) {
	if v.Conda {
		in["conda"] = true // and python is one of the packages
	} else if wanted := v.WantedPython(); wanted != "" {
		in["python"] = wanted
	}
	if v.Lock == nil {
		return
	}
	files := map[string][]string{}
	for _, p := range v.Lock.Packages {
		files[p.Name] = p.Hashes()
	}
	in["platform"], in["packages"], in["hashes"] = v.Lock.Platform, v.Lock.Versions(), files
}

// Resolving is what the resolver is to be told. The environment's requirements
// must be read.
func Resolving(s *Stage, v *Venv, environ []string) python.Request {
	r := python.Request{Python: v.Python, Platform: v.platform(), Modules: s.Modules, Environ: environ}
	r.Index, r.ExtraIndex = indexesOf(s)
	if v.Requirements != nil {
		r.Files, r.File = v.Requirements.Files, v.Requirements.Path
	} else {
		r.Files, r.File = map[string][]byte{wheelsFile: []byte(strings.Join(v.Packages, "\n") + "\n")}, wheelsFile
	}
	return r
}

// PackageSources is where the packages of an environment are to be had, with
// credentials. environ is the submitter's.
func PackageSources(s *Stage, environ []string) python.Sources {
	var lines []string
	if s.Venv.Requirements != nil {
		lines, _ = s.Venv.Requirements.indexLines()
	}
	index, extra := indexesOf(s)
	return python.SourcesOf(environ, index, extra, lines)
}
