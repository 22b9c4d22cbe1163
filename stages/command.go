package stages

import (
	"strings"

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
	arguments("source", "dir", "environment", "files", "command", "script", "launcher", "env", "pass_env", "outputs", "metrics", "determinism", "seed", "tolerance"),
	judgedSpec,
)

func (k commandKind) Decode(b *Block, s *Stage) {
	s.Source = b.tree(b.Group.get("source"))
	s.Dir = b.dir()
	b.decodeEnvironment(s)
	b.decodeCommand(s)
	b.decodeEnv(s)
	b.decodeDeterminism(s)
	s.Files = b.files()
	s.Outputs = b.outputs()
	b.decodeMetrics(s)
	b.decodeTolerance(s)
	s.Checks = b.checks()
}

func (commandKind) Attributes(s *Stage, output func(string) cty.Value) map[string]cty.Value {
	outputs := map[string]cty.Value{}
	for name, path := range s.Outputs {
		outputs[name] = output(path)
	}
	return map[string]cty.Value{"outputs": cty.ObjectVal(outputs)}
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
