package record

// Installed is what an environment turned out to hold, as its own interpreter, or
// conda's metadata, tells after the installation.
type Installed struct {
	Interpreter Interpreter       `json:"interpreter,omitzero"` // none: no package of conda's brings one
	Packages    []Package         `json:"packages"`             // sorted by name
	Facts       map[string]string `json:"facts,omitempty"`      // what packages say of how they were built: torch.version.cuda
}

// Interpreter is the Python that an environment was made with.
type Interpreter struct {
	Path           string `json:"path"`           // of the program itself, behind all links
	Version        string `json:"version"`        // "3.11.7"
	Implementation string `json:"implementation"` // "CPython"
}

// Package is an installed package, as its metadata has it.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Build   string `json:"build,omitempty"`  // of a conda package
	SHA256  string `json:"sha256,omitempty"` // of a conda package's file, 64 hex digits
}
