package python

import (
	"regexp"
	"runtime"
	"strings"
)

// machines are GOARCH's names in uname's words, which wheels use.
var machines = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}

// Platform is the platform of this machine in the words of wheels
// (PEP 425): "linux_x86_64".
func Platform() string {
	machine, ok := machines[runtime.GOARCH]
	if !ok {
		machine = runtime.GOARCH
	}
	return runtime.GOOS + "_" + machine
}

var platformForm = regexp.MustCompile(`^linux_[a-z0-9_]+$`)

// IsPlatform reports whether text names a platform that jobs can run on.
func IsPlatform(text string) bool { return platformForm.MatchString(text) }

// Machine is what uname -m prints on the platform.
func Machine(platform string) string { return strings.TrimPrefix(platform, "linux_") }
