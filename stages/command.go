package stages

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/runpipe/runpipe/slurm"
	"github.com/zclconf/go-cty/cty"
)

// commandKind is what train, evaluate and stage share: a command in a private
// working copy, with the outputs it leaves and the metrics it is measured by.
type commandKind struct{ name string }

func (k commandKind) Name() string { return k.name }

func (commandKind) Spec() hcldec.ObjectSpec { return commandSpec }

var commandSpec = merged(
	arguments("source", "dir", "environment", "files", "command", "script", "launcher", "env", "pass_env", "outputs", "metrics"),
	judgedSpec,
)

func (k commandKind) Decode(b *Block, s *Stage) {
	s.Source = b.tree(b.Group.get("source"))
	s.Dir = b.dir()
	b.decodeEnvironment(s)
	b.decodeCommand(s)
	b.decodeEnv(s)
	s.Files = b.files()
	s.Outputs = b.outputs()
	b.decodeMetrics(s)
	s.Checks = b.checks()
}

func (commandKind) Attributes(s *Stage, output func(string) cty.Value) map[string]cty.Value {
	outputs := map[string]cty.Value{}
	for name, path := range s.Outputs {
		outputs[name] = output(path)
	}
	return map[string]cty.Value{"outputs": cty.ObjectVal(outputs)}
}

// decodeEnvironment takes the whole environment stage, with its modules.
func (b *Block) decodeEnvironment(s *Stage) {
	a := b.Group.get("environment")
	address, ok := b.stageOf(a, "environment", "environment = environment.python")
	if !ok {
		return
	}
	s.Environment = address
	if b.Lookup == nil {
		return
	}
	if environment := b.Lookup(address); environment != nil {
		s.Modules = environment.Modules
	}
}

// tree takes a whole clone stage.
func (b *Block) tree(a *Argument) *Tree {
	address, ok := b.stageOf(a, "clone", "source = clone.code")
	if !ok {
		return nil
	}
	t := &Tree{Stage: address}
	whole, _ := a.Value.Unmark()
	if p, _ := whole.GetAttr("path").UnmarkDeep(); p.IsKnown() {
		t.Path = p.AsString()
	}
	return t
}

// stageOf is the address of the stage of the given kind that an argument is.
func (b *Block) stageOf(a *Argument, kind, example string) (string, bool) {
	if a == nil {
		return "", false
	}
	b.use(a.Value)
	address := identity(a.Value)
	whole, _ := a.Value.UnmarkDeep()
	switch {
	case address != "" && strings.HasPrefix(address, kind+"."):
		return address, true
	case address != "":
		b.fault(a, nil, unsuitable, "%s must be a stage of kind %s, and this is %s.", a.Name, kind, address)
	case !whole.IsKnown() && whole.Type() == cty.DynamicPseudoType:
		// what is wrong with it was said already
	default:
		b.fault(a, nil, unsuitable, "%s takes the whole stage, without quotes: %s.%s", a.Name, example, wholeHint(a.Expr, kind))
	}
	return "", false
}

// wholeHint finds clone.code in clone.code.path.
func wholeHint(expr hcl.Expression, kind string) string {
	traversal, diags := hcl.AbsTraversalForExpr(expr)
	if diags.HasErrors() || len(traversal) < 3 || traversal.RootName() != kind {
		return ""
	}
	if name, ok := traversal[1].(hcl.TraverseAttr); ok {
		return " Did you mean " + kind + "." + name.Name + "?"
	}
	return ""
}

// identity is the address of the stage that v is the whole of, or "".
func identity(v cty.Value) string {
	whole, _ := v.Unmark()
	if !whole.IsKnown() || whole.IsNull() || !whole.Type().IsObjectType() || !whole.Type().HasAttribute("address") {
		return ""
	}
	address, marks := whole.GetAttr("address").Unmark()
	if address.Type() != cty.String || !address.IsKnown() || address.IsNull() {
		return ""
	}
	if _, genuine := marks[Origin{Address: address.AsString()}]; !genuine {
		return "" // an object that somebody wrote
	}
	return address.AsString()
}

// Identity is the attribute by which a whole stage is known again.
func Identity(address string) cty.Value {
	return cty.StringVal(address).Mark(Origin{Address: address})
}

// decodeAfter reads after, which takes whole stages.
func (b *Block) decodeAfter() {
	a := b.Group.get("after")
	elements, _ := b.list(a, "[train.cnn]")
	for _, e := range elements {
		if isNull(e.value) {
			continue
		}
		if address := identity(e.value); address != "" {
			b.follow(address)
		} else if v, _ := e.value.Unmark(); v.IsKnown() || v.Type() != cty.DynamicPseudoType {
			b.fault(a, e.expr, unsuitable, "after takes whole stages, without quotes: after = [train.cnn].")
		}
	}
}

func (b *Block) dir() string {
	a := b.Group.get("dir")
	text, ok := b.text(a)
	if !ok {
		return ""
	}
	clean, err := insidePath(text)
	switch {
	case err != nil:
		b.fault(a, nil, "Invalid path", "%q %s.", text, err)
	case b.Group.get("source") == nil:
		b.fault(a, nil, "Folder without a source", "dir is a folder of the source: add source = clone.…, or leave dir out.")
	case clean != ".":
		return clean
	}
	return ""
}

// decodeCommand reads command or script, and the launcher in front of it.
func (b *Block) decodeCommand(s *Stage) {
	command, script := b.Group.get("command"), b.Group.get("script")
	switch {
	case command == nil && script == nil:
		b.faultAt("Missing command", "%s runs nothing: give it command = [\"python\", \"train.py\"], or a script.", b.Address)
	case command != nil && script != nil:
		b.fault(script, nil, "Command and script", "A stage has either a command or a script: put the command into the script.")
	case command != nil:
		s.Command, s.Launcher = b.argv(command), slurm.LaunchSrun
	default:
		s.Script, s.Launcher = b.script(script), slurm.LaunchNone
	}
	if a := b.Group.get("launcher"); a != nil {
		if launcher, ok := b.launcher(a); ok {
			s.Launcher = launcher
		}
	}
}

func (b *Block) launcher(a *Argument) (slurm.Launcher, bool) {
	name, ok := b.text(a)
	if !ok {
		return "", false
	}
	switch slurm.Launcher(name) {
	case slurm.LaunchSrun, slurm.LaunchNone:
		return slurm.Launcher(name), true
	}
	switch name {
	case "torchrun", "accelerate", "mpirun":
		b.fault(a, nil, "Not there yet", "The launcher %s is still to come: put it in front of the command, with launcher = \"none\".", name)
	default:
		b.fault(a, nil, unsuitable, "launcher is \"srun\" or \"none\".%s", DidYouMean(name, []string{"srun", "none"}))
	}
	return "", false
}

func (b *Block) script(a *Argument) string {
	v, ok := b.as(a, cty.String)
	if !ok {
		return ""
	}
	text := v.AsString()
	if strings.TrimSpace(text) == "" {
		b.fault(a, nil, unsuitable, "The script is empty.")
	}
	if strings.ContainsRune(text, 0) {
		b.fault(a, nil, unsuitable, "The script holds a NUL character, which no shell can read.")
	}
	return strings.ReplaceAll(text, "\r\n", "\n") // bash would take the CR for part of the word
}

// argv flattens a command: nested lists are opened, nulls dropped, numbers and
// bools written as text.
func (b *Block) argv(a *Argument) []string {
	if v, _ := a.Value.Unmark(); isText(v) {
		b.use(a.Value)
		b.fault(a, nil, unsuitable, "command is a list, and is run without a shell.%s", splitHint(a, v.AsString()))
		return nil
	}
	elements, ok := b.list(a, `["python", "train.py"]`)
	if !ok {
		return nil
	}
	argv, complete := b.flatten(a, elements, 0)
	switch {
	case !complete:
	case len(argv) == 0:
		b.fault(a, nil, unsuitable, "The command is empty: its first element is the program.")
	case argv[0] == "":
		b.fault(a, elements[0].expr, unsuitable, "The first element of a command is its program, and cannot be empty.")
	}
	return argv
}

// maxNesting is far more than any command has.
const maxNesting = 32

func (b *Block) flatten(a *Argument, elements []element, depth int) (argv []string, complete bool) {
	complete = true
	for _, e := range elements {
		v, _ := e.value.Unmark()
		switch {
		case v.IsNull():
			b.use(e.value)
		case !v.IsKnown():
			b.plain(a.of(e))
			complete = false
		case isSequence(v.Type()) && depth < maxNesting:
			nested, _ := b.list(a.of(e), "")
			inner, innerComplete := b.flatten(a, nested, depth+1)
			argv, complete = append(argv, inner...), complete && innerComplete
		case v.Type().IsPrimitiveType():
			text, ok := b.line(a.of(e))
			argv, complete = append(argv, text), complete && ok
		default:
			b.use(e.value)
			b.fault(a, e.expr, unsuitable, "An element of a command is a text, a number, a bool or a list of these.%s", objectHint(e.value))
			complete = false
		}
	}
	return argv, complete
}

// line is a value as text; unlike a name's, it may be empty or have several lines.
func (b *Block) line(a *Argument) (string, bool) {
	v, ok := b.as(a, cty.String)
	if !ok {
		return "", false
	}
	if strings.ContainsRune(v.AsString(), 0) {
		b.fault(a, nil, unsuitable, "The text holds a NUL character, which no program can be given.")
		return "", false
	}
	return v.AsString(), true
}

// objectHint tells what of a whole stage can be written into a command.
func objectHint(v cty.Value) string {
	address := identity(v)
	kind, _, _ := strings.Cut(address, ".")
	switch kind {
	case "":
		return " jsonencode(…) makes a text of anything."
	case "clone", "environment":
		return " Did you mean " + address + ".path?"
	}
	return " Did you mean one of " + address + ".outputs?"
}

func isText(v cty.Value) bool { return v.Type() == cty.String && v.IsKnown() && !v.IsNull() }

// splitHint shows a one-string command as the list it should be, if no shell is
// needed to take it apart.
func splitHint(a *Argument, text string) string {
	words := strings.Fields(text)
	if len(words) == 0 || len(text) > 120 || strings.ContainsAny(text, "\"'\\$`|&;<>(){}*?~\n") || IsSensitive(a.Value) {
		return " For a line as a shell reads it, use script."
	}
	return " Did you mean [\"" + strings.Join(words, `", "`) + "\"]?"
}

// outputs reads the paths that a command leaves, by name.
func (b *Block) outputs() map[string]string {
	a := b.Group.get("outputs")
	entries, _ := b.entries(a, `{ model = "out/model.keras" }`)
	var outputs map[string]string
	written := map[string]string{} // path → name
	for _, e := range entries {
		if !isIdentifier(e.key) {
			b.fault(a, e.name, "Invalid name", "%q is not a name for an output: it is referred to as outputs.<name>.%s", e.key, nameHint(e.key))
			continue
		}
		at := a.of(e)
		at.Name = e.key
		text, ok := b.text(at)
		if !ok {
			continue
		}
		clean, err := insidePath(text)
		if err != nil || clean == "." {
			b.fault(at, nil, "Invalid path", "%q %s: an output is a file or a folder below the one where the command starts.", text, orWhole(err))
			continue
		}
		for _, other := range slices.Sorted(maps.Keys(written)) {
			name := written[other]
			if overlap(other, clean) {
				b.fault(at, nil, "Outputs overlap", "%s and %s share a path, and outputs are moved: each file can be part of one only.",
					min(name, e.key), max(name, e.key))
				break
			}
		}
		written[clean] = e.key
		if outputs == nil {
			outputs = map[string]string{}
		}
		outputs[e.key] = clean
	}
	return outputs
}

func orWhole(err error) string {
	if err != nil {
		return err.Error()
	}
	return "is the whole working copy"
}

// nameHint mends a name that is not an identifier.
func nameHint(name string) string {
	if better := Identifier(name); better != "" {
		return " Did you mean \"" + path.Clean(better) + "\"?"
	}
	return ""
}

// Identifier is the identifier nearest to name, or "": "7b" is m7b.
func Identifier(name string) string {
	var out strings.Builder
	for _, r := range name {
		switch {
		case r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z', out.Len() > 0 && (r == '-' || r >= '0' && r <= '9'):
			out.WriteRune(r)
		case r >= '0' && r <= '9':
			out.WriteString("m" + string(r))
		case out.Len() > 0:
			out.WriteByte('_')
		}
	}
	return strings.Trim(out.String(), "_-")
}

// IsIdentifier reports whether s may name a stage, a variable or an output.
func IsIdentifier(s string) bool { return isIdentifier(s) }
