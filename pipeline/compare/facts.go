package compare

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/run"
)

// topicOf is the topic of each ingredient of a stage's key; the others are
// parameters. Those with "" are told elsewhere.
var topicOf = map[string]Topic{
	"source": "", "environment": "", "tree": "", "kind": "", "hashes": "",
	"packages": Packages, "python": Packages, "platform": Packages, "requirements": Packages, "modules": Packages, "conda": Packages,
	"files": Data,
}

// fromPlan takes the pins, and all that the stage's key was made from.
func (f facts) fromPlan(r *run.Run, s plan.SubmittedStage) {
	if s.Kind == "clone" {
		f.set(Code, "commit", s.Pins[s.Address])
	}
	named := readable(r, s.Ingredients)
	for _, name := range slices.Sorted(maps.Keys(named)) {
		value := named[name]
		topic, known := topicOf[name]
		switch {
		case known && topic == "":
		case topic == "":
			f.flatten(Parameters, name, value)
		default:
			f.flatten(topic, name, value)
		}
	}
}

// readable puts addresses in place of the folders of the store, whose names are
// keys: that a key is another follows from what else differs.
func readable(r *run.Run, ingredients map[string]any) map[string]any {
	data, err := json.Marshal(ingredients)
	if err != nil {
		return nil // it came out of JSON
	}
	var pairs []string
	for _, s := range r.Stages {
		pairs = append(pairs, "$WORKSPACE/store/"+s.Key, s.Address)
	}
	var out map[string]any
	if json.Unmarshal([]byte(strings.NewReplacer(pairs...).Replace(string(data))), &out) != nil {
		return nil
	}
	return out
}

// flatten makes a fact of each entry of a map, and words of a list.
func (f facts) flatten(t Topic, name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) { // of two with one name, always the same counts
			entry := v[key]
			if t != Packages { // a package's name tells enough
				key = name + "." + key
			}
			f.flatten(t, key, entry)
		}
	case []any:
		words := make([]string, len(v))
		for i, word := range v {
			words[i] = text(word)
		}
		if t != Packages {
			f.set(t, name, strings.Join(words, "\x00"))
			return
		}
		for _, word := range words { // numpy==2.1.0
			pkg, version, _ := strings.Cut(word, "==")
			f.set(t, pkg, orThere(version))
		}
	default:
		f.set(t, name, text(v))
	}
}

func orThere(text string) string {
	if text == "" {
		return "there"
	}
	return text
}

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	data, _ := json.Marshal(v) // it came out of JSON
	return string(data)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// fromMachine takes what of a machine can bear on a result. Its name cannot.
func (f facts) fromMachine(rec *record.Record) {
	if m := rec.Machine; m != nil {
		for name, value := range map[string]*string{
			"arch": m.Arch, "cpu": m.CPU, "kernel": m.Kernel, "libc": m.Libc, "cuda": m.CUDA,
		} {
			if value != nil {
				f.set(Hardware, name, *value)
			}
		}
	}
	models, drivers := map[string]int{}, []string{}
	for _, g := range rec.GPUs {
		models[g.Model]++
		if g.Driver != "" && !slices.Contains(drivers, g.Driver) {
			drivers = append(drivers, g.Driver)
		}
	}
	var gpus []string
	for model, n := range models {
		gpus = append(gpus, fmt.Sprintf("%d × %s", n, model))
	}
	slices.Sort(gpus)
	slices.Sort(drivers)
	f.set(Hardware, "gpus", strings.Join(gpus, ", "))
	f.set(Hardware, "driver", strings.Join(drivers, ", "))
}
