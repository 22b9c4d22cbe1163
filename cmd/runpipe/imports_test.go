package main

import (
	"os/exec"
	"path"
	"strings"
	"testing"
)

// layers are the top-level folders, from the one that may import all others to
// the one that may import none.
var layers = []string{"cmd", "pipeline", "stages", "slurm"}

// TestImportsPointOneWay holds the layout: cmd → pipeline → stages → slurm.
func TestImportsPointOneWay(t *testing.T) {
	const module = "github.com/runpipe/runpipe/"
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").Output()
	if err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	layer := func(pkg string) int {
		top, _, _ := strings.Cut(strings.TrimPrefix(pkg, module), "/")
		for i, name := range layers {
			if name == top {
				return i
			}
		}
		return -1
	}
	seen := 0
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		pkg, imports, _ := strings.Cut(line, " ")
		from := layer(pkg)
		if from < 0 {
			t.Errorf("%s stands outside of %v", pkg, layers)
			continue
		}
		for _, imported := range strings.Fields(imports) {
			if !strings.HasPrefix(imported, module) {
				continue
			}
			seen++
			if to := layer(imported); to < from {
				t.Errorf("%s imports %s: imports point from %s to the right only", pkg, imported, path.Join(layers...))
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d imports were looked at: the test looks in the wrong place", seen)
	}
}
