package conda

import "strings"

// subdirs are the names of channels' folders for the machines of
// python.Platform, where they differ from linux-<machine>.
var subdirs = map[string]string{"x86_64": "64", "i686": "32"}

// Subdir is the folder of a channel with the packages for a platform:
// "linux-64" for "linux_x86_64".
func Subdir(platform string) string {
	system, machine, _ := strings.Cut(platform, "_")
	if short, ok := subdirs[machine]; ok {
		machine = short
	}
	return system + "-" + machine
}

// platformOf is the other way round, "" for what jobs cannot run on.
func platformOf(subdir string) string {
	machine, ok := strings.CutPrefix(subdir, "linux-")
	if !ok {
		return ""
	}
	for long, short := range subdirs {
		if machine == short {
			machine = long
		}
	}
	return "linux_" + machine
}
