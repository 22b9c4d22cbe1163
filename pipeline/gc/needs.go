package gc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
	"github.com/runpipe/runpipe/pipeline/workspace"
)

// needs is what the kept runs need, by kind and name of the entry.
type needs struct {
	workspace *workspace.Workspace
	names     map[Kind]map[string]bool
	building  map[string]bool // keys of stages that live jobs may be making
}

func newNeeds(w *workspace.Workspace) needs {
	return needs{
		workspace: w, building: map[string]bool{},
		names: map[Kind]map[string]bool{Result: {}, Environment: {}, Frozen: {}, Program: {}, Download: {}},
	}
}

func (n needs) program(path string) {
	if path != "" {
		n.names[Program][filepath.Base(path)] = true
	}
}

// add takes in what a run needs: all that its stages have made or will make, and
// what these were made from, so that it can be verified and reproduced.
func (n needs) add(r *run.Run, live bool) error {
	for _, s := range r.Stages {
		n.names[Result][s.Key] = true
		if live {
			n.building[s.Key] = true
		}
		if err := n.environments(s.Key); err != nil {
			return fmt.Errorf("nothing is freed, since what %s of run %s needs cannot be told: %w", s.Address, r.Run, err)
		}
		for _, sum := range s.Downloads {
			n.names[Download][sum] = true
		}
		if sum, ok := s.Ingredients["sha256"].(string); ok { // of data, before runs listed their downloads
			n.names[Download][sum] = true
		}
		files, _ := s.Ingredients["files"].(map[string]any)
		for _, digest := range files {
			if text, ok := digest.(string); ok {
				n.names[Frozen][strings.TrimPrefix(text, "sha256:")] = true
			}
		}
	}
	if !live {
		return nil
	}
	return n.programs(r)
}

// environments takes in the folders that the outputs of a stage are links to.
func (n needs) environments(key string) error {
	rec, err := record.Read(n.workspace.Finished(key))
	var other *workspace.VersionError
	if errors.As(err, &other) {
		return err
	}
	if err != nil {
		return nil // it was not made yet, or cannot be used anyway
	}
	for _, o := range rec.Outputs {
		if target, err := os.Readlink(n.workspace.Output(key, o.Path)); err == nil && filepath.Dir(target) == n.workspace.Environments() {
			n.names[Environment][filepath.Base(target)] = true
		}
	}
	return nil
}

var program = regexp.MustCompile(`/bin/(runpipe-[0-9a-f]{64})`)

// programs takes in the copies of runpipe that a live run's jobs execute.
func (n needs) programs(r *run.Run) error {
	return filepath.WalkDir(r.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("looking for what run %s needs: %w", r.Run, err)
		}
		if d.Name() == "store" || d.Name() == "envs" || d.Name() == "work" {
			return filepath.SkipDir
		}
		if d.Name() != "job.sh" {
			return nil
		}
		script, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("looking for what run %s needs: %w", r.Run, err)
		}
		for _, m := range program.FindAllSubmatch(script, -1) {
			n.names[Program][string(m[1])] = true
		}
		return nil
	})
}

// has reports whether an entry is needed, by its name. What a live job is making
// has its key in front: .<key>-<job> in the store, <key, 16 digits>-<job> among
// the environments.
func (n needs) has(k Kind, name string) bool {
	if n.names[k][name] {
		return true
	}
	if k != Result && k != Environment {
		return false
	}
	head, _, _ := strings.Cut(strings.TrimPrefix(name, "."), "-")
	for key := range n.building {
		if head != "" && strings.HasPrefix(key, head) {
			return true
		}
	}
	return false
}

// stageOf is the address of the stage that made an entry of the store, or "".
func stageOf(folder string) string {
	rec, err := record.Read(folder)
	if err != nil {
		return ""
	}
	return rec.Address
}
