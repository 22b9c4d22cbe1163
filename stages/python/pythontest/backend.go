package pythontest

import (
	_ "embed"
)

// backendSource is the module of Backend.
//
//go:embed tinybuild.py
var backendSource string

// Backend is a wheel of a build backend (PEP 517) that needs nothing else. It
// builds what has a file tiny.txt (a name, a version, and names of console scripts,
// which call main of the module of that name): all Python files beside it, and a
// module <name>_built that tells the version of the backend, and that of the
// package "a" if one could be imported while it was built.
func Backend(version string) File {
	return wheel("tinybuild", version, "py3-none-any", "__version__ = '"+version+"'\n"+backendSource, nil)
}

// Buildable are the files that make a folder one for Backend to build, as the
// package name of version 1.0 with a console script of that name.
func Buildable(name string) map[string]string {
	return map[string]string{
		"pyproject.toml": "[build-system]\nrequires = [\"tinybuild\"]\nbuild-backend = \"tinybuild\"\n",
		"tiny.txt":       name + " 1.0 " + name + "\n",
	}
}
