package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
)

// EvaluatedVersion is the version of stages.json that this program writes and reads.
const EvaluatedVersion = 1

// EvaluatedFile is the name of stages.json within a run's folder.
const EvaluatedFile = "stages.json"

// Evaluated is stages.json: all stages of a run with their pins and no expression
// left, from which the run can be made again when the file, its lock and the
// branches have long moved on. Of secrets it has the names.
type Evaluated struct {
	Version int             `json:"version"`
	Root    string          `json:"root"` // of the workspace whose paths the stages name
	Stages  []*stages.Stage `json:"stages"`
}

// Evaluated is the plan as stages.json keeps it.
func (p *Plan) Evaluated() Evaluated {
	e := Evaluated{Version: EvaluatedVersion, Root: p.workspace.Root}
	for _, s := range p.Stages {
		stage := *s.Stage
		stage.Secrets = nil
		for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
			if stage.Secrets == nil {
				stage.Secrets = map[string]string{}
			}
			stage.Secrets[name] = ""
		}
		e.Stages = append(e.Stages, &stage)
	}
	return e
}

// ReadEvaluated reads the stages.json in a run's folder, as if the run were in the
// workspace at root, or where it was if root is "".
func ReadEvaluated(dir, root string) (*Evaluated, error) {
	path := filepath.Join(dir, EvaluatedFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the run in %s has no %s: an older runpipe made it", dir, EvaluatedFile)
	}
	if err != nil {
		return nil, err
	}
	var e Evaluated
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", path, err)
	}
	if e.Version != EvaluatedVersion {
		return nil, fmt.Errorf("%s has version %d, and this runpipe reads version %d: use the runpipe that wrote it", path, e.Version, EvaluatedVersion)
	}
	if root == "" || root == e.Root {
		return &e, nil
	}
	moved := Evaluated{}
	text := strings.ReplaceAll(string(data), inStore(e.Root), inStore(root))
	if err := json.Unmarshal([]byte(text), &moved); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", path, err)
	}
	moved.Root = root
	return &moved, nil
}

// inStore is how JSON writes the beginning of the paths of a workspace's store.
func inStore(root string) string {
	quoted, err := json.Marshal(filepath.Join(root, "store") + "/")
	if err != nil {
		panic("a text can be written as JSON: " + err.Error())
	}
	return strings.Trim(string(quoted), `"`)
}

// Again is the plan to make all stages of a run anew, in the workspace w, where
// nothing of them is. e was read for that workspace. The values of secrets, which
// no file holds, are taken from environ ("NAME=value") by their names.
func Again(s *Submitted, e *Evaluated, w *workspace.Workspace, environ []string) (*Plan, error) {
	p := &Plan{Name: s.Pipeline, File: s.File, workspace: w, executor: s.Executor}
	keys, pinned := map[string]string{}, pinnedOf(e.Stages)
	for _, one := range e.Stages {
		address := one.Address.String()
		keys[address] = one.Key
		for name := range one.Secrets {
			value, ok := valueOf(environ, name)
			if !ok {
				return nil, fmt.Errorf("%s needs the secret %s, which is kept nowhere: set it in the environment", address, name)
			}
			one.Secrets[name] = value
		}
		p.Stages = append(p.Stages, &Stage{
			Stage: one, Action: Run, Reasons: []string{"reproduces run " + s.Run}, Pins: stages.Pins(one, pinned),
			Ingredients: stages.Ingredients(one, keys, w.Root),
		})
		if one.Clone != nil {
			p.wanted = append(p.wanted, lock.Wanted{
				Address: address, Repository: one.Clone.Repository, Ref: one.Clone.Ref, Paths: one.Clone.Paths, Range: one.Range,
			})
		}
	}
	return p, nil
}

func valueOf(environ []string, name string) (string, bool) {
	for _, entry := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value, true
		}
	}
	return "", false
}
