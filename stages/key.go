package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// keyVersion is part of every key: it grows when the meaning of an ingredient changes.
const keyVersion = 1

// Ingredients is all that determines what a stage computes, by name. Partition,
// account, time, memory, checks, names and formatting are not among it.
//
// keys holds the key of every stage among s.Inputs, and of s.Environment.
// Paths of the workspace (root) are replaced by a fixed one, so that a key is
// the same on every site; paths in it carry their stage's key, which is how an
// upstream's key becomes part of this one.
func Ingredients(s *Stage, keys map[string]string, root string) map[string]any {
	in := map[string]any{}
	put := func(name string, value any, there bool) {
		if there {
			in[name] = value
		}
	}
	fixed := func(text string) string {
		if root == "" {
			return text
		}
		return strings.ReplaceAll(text, root, "$WORKSPACE")
	}
	fixedAll := func(list []string) []string {
		out := make([]string, len(list))
		for i, text := range list {
			out[i] = fixed(text)
		}
		return out
	}
	in["kind"] = kindOfWork(s)
	put("command", fixedAll(s.Command), len(s.Command) > 0)
	put("script", fixed(s.Script), s.Script != "")
	put("dir", s.Dir, s.Dir != "")
	put("pass_env", s.PassEnv, len(s.PassEnv) > 0)
	put("outputs", s.Outputs, len(s.Outputs) > 0)
	put("metrics", s.Metrics, s.Metrics != "")
	put("modules", s.Modules, len(s.Modules) > 0)
	if s.Source != nil {
		in["source"] = keys[s.Source.Stage]
	}
	put("environment", keys[s.Environment], s.Environment != "")
	put("gpus", s.Resources.GPUs, s.Resources.GPUs > 0)
	put("nodes", s.Resources.Nodes, s.Resources.Nodes > 1)
	put("tasks_per_node", s.Resources.TasksPerNode, s.Resources.TasksPerNode > 1)
	put("launcher", s.Launcher, s.Resources.Tasks() > 1) // srun runs the command once per task
	if len(s.Env) > 0 {
		env := map[string]string{}
		for name, value := range s.Env {
			env[name] = fixed(value)
		}
		in["env"] = env
	}
	if len(s.Secrets) > 0 && s.Venv == nil && s.Layer == nil { // by name: a rotated token reruns nothing
		names := map[string]bool{}
		for name := range s.Secrets {
			names[name] = true
		}
		in["secrets"] = names
	}
	if len(s.Files) > 0 {
		files := map[string]string{}
		for _, f := range s.Files {
			files[f.To] = f.Content()
			if f.Stage != "" {
				files[f.To] = fixed(f.From)
			}
		}
		in["files"] = files
	}
	if len(s.Metric) > 0 {
		metric := map[string]string{}
		for _, m := range s.Metric {
			metric[m.Name] = m.Pattern + m.Value
		}
		in["metric"] = metric
	}
	determinismIngredients(s, in)
	if s.Clone != nil {
		in["tree"] = s.Clone.Pin.Digest
		put("lfs", false, s.Clone.Pointers)
	}
	if s.Venv != nil {
		venvIngredients(s.Venv, in)
	}
	if s.Layer != nil {
		layerIngredients(s.Layer, keys, in)
	}
	if s.Data != nil {
		dataIngredients(s.Data, in)
	}
	return in
}

// kindOfWork is the same for the kinds that do the same with the same block:
// renaming a train block to stage computes nothing new.
func kindOfWork(s *Stage) string {
	switch s.Address.Kind {
	case "clone", "environment", "data":
		return s.Address.Kind
	}
	return "command"
}

// Key is the sha256, in hex, of the canonical JSON (sorted names, no space) of
// the stage's ingredients. It names the stage's folder in the store.
func Key(s *Stage, keys map[string]string, root string) string {
	in := Ingredients(s, keys, root)
	in["version"] = keyVersion
	data, err := json.Marshal(in) // sorts the names of maps
	if err != nil {
		panic("a stage's ingredients are strings, numbers and lists: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
