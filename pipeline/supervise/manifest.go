package supervise

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// readManifest reads job.json and holds it against the digest that job.sh
// names. The manifest comes back beside the error where it could be read at
// all, so that the refusal can be recorded in its place.
func readManifest(path, sum string) (*stages.Manifest, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, drift("reading the job's manifest: %w", err)
	}
	var m stages.Manifest
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields() // an older supervisor would leave out what it does not know
	decodeErr := decoder.Decode(&m)
	if got := sha256.Sum256(data); hex.EncodeToString(got[:]) != sum {
		return &m, drift("%s is not the file that was submitted: its sha256 is %x, and job.sh names %q", path, got, sum)
	}
	if decodeErr != nil {
		return &m, drift("%s is damaged: %w", path, decodeErr)
	}
	if err := checkManifest(&m, path); err != nil {
		return &m, drift("%s does not agree with itself: %w", path, err)
	}
	return &m, nil
}

var hexKey = regexp.MustCompile(`^[0-9a-f]{64}$`)

func checkManifest(m *stages.Manifest, path string) error {
	if m.Version != stages.ManifestVersion {
		return fmt.Errorf("it has version %d, and this runpipe reads version %d", m.Version, stages.ManifestVersion)
	}
	if _, err := stages.ParseAddress(m.Address); err != nil {
		return err
	}
	if !hexKey.MatchString(m.Key) {
		return fmt.Errorf("%q is not a stage's key", m.Key)
	}
	if m.Attempt < 1 {
		return fmt.Errorf("attempts are counted from 1, not %d", m.Attempt)
	}
	if !sameFolder(m.StageDir, filepath.Dir(path)) {
		return fmt.Errorf("it is for a stage in %s", m.StageDir)
	}
	if !within(m.Workspace, m.StageDir) {
		return fmt.Errorf("the stage's folder %s is not in the workspace %s", m.StageDir, m.Workspace)
	}
	return checkPaths(m)
}

// checkPaths sees to it that nothing is laid or looked for outside the working copy.
func checkPaths(m *stages.Manifest) error {
	local := map[string]string{"dir": m.Dir, "metrics": m.Metrics, "installed": m.Installed}
	for _, f := range m.Files {
		local["file "+f.To] = f.To
	}
	for name, path := range m.Outputs {
		local["output "+name] = path
	}
	for _, what := range sortedKeys(local) {
		if path := local[what]; path != "" && !filepath.IsLocal(filepath.FromSlash(path)) {
			return fmt.Errorf("%s: %q leads out of the working copy", what, path)
		}
	}
	for _, name := range m.PassEnv {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			return fmt.Errorf("%q is not the name of a variable", name)
		}
	}
	return nil
}

func sameFolder(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// within reports whether path is root or below it, as it is written.
func within(root, path string) bool {
	relative, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(relative)
}

// attemptFolder is where a refused job leaves its record: the attempt that the
// manifest names or, where that cannot be believed, the newest there is.
func attemptFolder(path string, m *stages.Manifest) string {
	stageDir := filepath.Dir(path)
	if m != nil && m.Attempt > 0 && sameFolder(m.StageDir, stageDir) {
		return workspace.Attempt(stageDir, m.Attempt)
	}
	newest := workspace.Attempt(stageDir, 1)
	for n := 2; ; n++ {
		next := workspace.Attempt(stageDir, n)
		if _, err := os.Stat(next); err != nil {
			return newest
		}
		newest = next
	}
}
