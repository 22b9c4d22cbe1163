package stages

import _ "embed"

// InstalledFile is the file in a virtual environment that tells what is
// installed there.
const InstalledFile = "installed.json"

// installedScript is the program that writes it, for Python 3.8 and newer.
//
//go:embed installed.py
var installedScript string
