package plan

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/runpipe/runpipe/stages"
)

// reasons says why a stage that is not in the store runs, in terms of what its
// author changed since the run before.
func reasons(s *Stage, before previous, settled map[string]*Stage) []string {
	if before.Address == "" {
		return []string{"new"}
	}
	if before.Key == s.Key {
		if before.finished() {
			return []string{"its result is no longer in the store"}
		}
		return []string{"it has not finished before"}
	}
	var found []string
	found = append(found, movedUpstreams(s, before, settled)...)
	keys := map[string]string{}
	for address, up := range settled {
		keys[address] = up.Key
	}
	now, then := canonical(s.Ingredients, s.Inputs, keys), canonical(before.Ingredients, before.Inputs, before.keys)
	for _, name := range layerNames(changedNames(now, then), now, then) {
		if reason := ingredientReason(name, s, before, now[name], then[name]); reason != "" {
			found = append(found, reason)
		}
	}
	if len(found) == 0 {
		return []string{"its definition changed"}
	}
	return found
}

// movedUpstreams tells of the inputs whose keys changed.
func movedUpstreams(s *Stage, before previous, settled map[string]*Stage) []string {
	var found []string
	for _, address := range s.Inputs {
		up, old := settled[address], before.keys[address]
		if up == nil || old == "" || old == up.Key {
			continue
		}
		was, is := before.Pins[address], s.Pins[address]
		switch {
		case was != "" && is != "" && was != is:
			found = append(found, fmt.Sprintf("%s moved %.7s → %.7s", address, was, is))
		case up.Action == Run:
			found = append(found, "upstream "+address+" runs")
		default:
			found = append(found, "upstream "+address+" changed")
		}
	}
	return found
}

// canonical brings ingredients to the form that they have after a journey
// through JSON, so that today's compare with those of run.json, and puts the
// address of an input in place of its folder in the store: that this folder
// changed is told as the upstream that moved.
func canonical(ingredients map[string]any, inputs []string, keys map[string]string) map[string]any {
	data, err := json.Marshal(ingredients)
	if err != nil {
		return nil
	}
	var names []string
	for _, address := range inputs {
		if key := keys[address]; key != "" {
			names = append(names, "$WORKSPACE/store/"+key, address)
		}
	}
	var out map[string]any
	if json.Unmarshal([]byte(strings.NewReplacer(names...).Replace(string(data))), &out) != nil {
		return nil
	}
	return out
}

func changedNames(now, then map[string]any) []string {
	var names []string
	for name := range now {
		if text(now[name]) != text(then[name]) {
			names = append(names, name)
		}
	}
	for name := range then {
		if _, ok := now[name]; !ok {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func text(v any) string {
	data, _ := json.Marshal(v) // it was decoded from JSON a moment ago
	return string(data)
}

// ingredientReason is one changed ingredient in a person's words, or "" if it
// only follows from an upstream that is named already.
func ingredientReason(name string, s *Stage, before previous, now, then any) string {
	switch name {
	case "source", "environment", "base":
		if now != nil && then != nil {
			return "" // told as the upstream that moved
		}
	case "tree", "contents", "sha256":
		return contentReason(name, s, before, now, then)
	case "command":
		return commandReason(words(now), words(then))
	case "install":
		return installReason(words(now), words(then))
	case "hashes", "build_hashes":
		of := map[string]string{"hashes": "packages", "build_hashes": "build"}[name]
		if text(s.Ingredients[of]) != text(before.Ingredients[of]) {
			return "" // told by their versions
		}
		return "other files of the same packages"
	case "env", "files", "outputs", "metric", "packages", "build":
		return mapReason(name, now, then)
	case "requirements", "script":
		return name + " changed"
	case "python", "platform":
		if (s.Ingredients["packages"] == nil) != (before.Ingredients["packages"] == nil) && (now == nil || then == nil) {
			return "" // it came and goes with the packages
		}
	}
	if then == nil {
		return fmt.Sprintf("%s added: %s", name, short(now))
	}
	if now == nil {
		return fmt.Sprintf("%s removed: %s", name, short(then))
	}
	return fmt.Sprintf("%s changed: %s → %s", name, short(then), short(now))
}

// contentReason says why what a stage brings is not what it was.
func contentReason(name string, s *Stage, before previous, now, then any) string {
	address := s.Address.String()
	was, is := before.Pins[address], s.Pins[address]
	switch {
	case now == nil: // told as the ingredient that is there instead
		return ""
	case then == nil:
		return "it comes from elsewhere now"
	case was != is && was != "" && is != "":
		return strings.TrimPrefix(revisionOf(s)+" moved ", " ") + fmt.Sprintf("%.7s → %.7s", was, is)
	case name == "sha256":
		return fmt.Sprintf("sha256 changed: %.7s → %.7s", then, now)
	}
	return "other files of it are wanted"
}

// revisionOf is what data with a commit asked for, or "".
func revisionOf(s *Stage) string {
	if s.Stage == nil || s.Data == nil {
		return ""
	}
	return stages.DataRequest{Hub: s.Data.Hub, LFS: s.Data.LFS}.Revision()
}

// commandReason shows the arguments that differ, with the option before them.
func commandReason(now, then []string) string {
	head := 0
	for head < len(now) && head < len(then) && now[head] == then[head] {
		head++
	}
	tail := 0
	for tail < len(now)-head && tail < len(then)-head && now[len(now)-1-tail] == then[len(then)-1-tail] {
		tail++
	}
	was, is := strings.Join(then[head:len(then)-tail], " "), strings.Join(now[head:len(now)-tail], " ")
	switch {
	case was == "":
		return "command changed: " + short(is) + " added"
	case is == "":
		return "command changed: " + short(was) + " removed"
	}
	option := ""
	if head > 0 && strings.HasPrefix(now[head-1], "-") {
		option = strings.TrimLeft(now[head-1], "-") + " "
	}
	return fmt.Sprintf("command changed: %s%s → %s", option, short(was), short(is))
}

// mapReason names the entries of a map that differ.
func mapReason(name string, now, then any) string {
	a, _ := now.(map[string]any)
	b, _ := then.(map[string]any)
	var parts []string
	for _, entry := range changedNames(a, b) {
		switch was, is := b[entry], a[entry]; {
		case was == nil:
			parts = append(parts, fmt.Sprintf("%s added", entry))
		case is == nil:
			parts = append(parts, fmt.Sprintf("%s removed", entry))
		case name == "files" || name == "metric": // a digest, or a pattern: its name says more
			parts = append(parts, entry)
		default:
			parts = append(parts, fmt.Sprintf("%s %s → %s", entry, short(was), short(is)))
		}
	}
	return name + " changed: " + strings.Join(parts, ", ")
}

func words(v any) []string {
	list, _ := v.([]any)
	out := make([]string, len(list))
	for i, item := range list {
		out[i], _ = item.(string)
	}
	return out
}

// short is a value on one line, cut to what a screen bears.
func short(v any) string {
	s, ok := v.(string)
	if !ok {
		s = text(v)
	}
	s = strings.ReplaceAll(s, "\n", "⏎")
	if runes := []rune(s); len(runes) > 60 {
		s = string(runes[:57]) + "…"
	}
	return s
}
