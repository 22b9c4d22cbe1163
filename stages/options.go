package stages

import (
	"regexp"
	"strings"
)

// ownedOptions is the options of sbatch that runpipe sets itself, with what to
// write instead. sbatch(1) has them all.
var ownedOptions = map[string]string{
	"account": "slurm.account", "constraint": "slurm.constraint", "exclude": "slurm.exclude", "exclusive": "slurm.exclusive",
	"nice": "slurm.nice", "nodelist": "slurm.nodelist", "partition": "slurm.partition", "qos": "slurm.qos", "reservation": "slurm.reservation",
	"cpus-per-task": "resources.cpus", "cpus-per-gpu": "resources.cpus", "mem-per-cpu": "resources.memory", "mem-per-gpu": "resources.memory",
	"mem": "resources.memory", "mincpus": "resources.cpus", "nodes": "resources.nodes", "ntasks": "resources.tasks_per_node",
	"ntasks-per-node": "resources.tasks_per_node", "ntasks-per-gpu": "resources.tasks_per_node", "time": "resources.time",
	"gpus": "resources.gpus", "gpus-per-node": "resources.gpus", "gpus-per-task": "resources.gpus", "gpus-per-socket": "resources.gpus",
	"dependency": "a reference to the stage, or after", "export": "env or pass_env", "export-file": "env", "get-user-env": "env or pass_env",
	"array": "", "chdir": "", "clusters": "", "comment": "", "error": "", "help": "", "hold": "", "input": "", "job-name": "",
	"kill-on-invalid-dep": "", "no-requeue": "", "open-mode": "", "output": "", "parsable": "", "requeue": "", "test-only": "",
	"usage": "", "version": "", "wait": "", "wrap": "",
}

// fullOptions begin like an owned one, and are options in their own right.
var fullOptions = map[string]bool{"cluster-constraint": true, "mem-bind": true, "time-min": true, "wait-all-nodes": true, "export": true}

var optionForm = regexp.MustCompile(`^--([a-z][a-z0-9-]*)(=.*)?$`)

// options reads slurm.options. An option that runpipe sets itself would take its
// own away from it (the log, the dependency), so it is refused.
func (b *Block) options(a *Argument) []string {
	elements, _ := b.list(a, `["--mail-type=END"]`)
	var options []string
	for _, e := range elements {
		if isNull(e.value) {
			continue
		}
		at := a.of(e)
		text, ok := b.text(at)
		if !ok {
			continue
		}
		form := optionForm.FindStringSubmatch(text)
		switch {
		case form == nil:
			b.fault(at, nil, "Invalid option", "An option is one string of the form --name or --name=value.%s", optionHint(text))
		case ownedBy(form[1]) != "":
			owned := ownedBy(form[1])
			b.fault(at, nil, "Option set by runpipe", "--%s is set by runpipe itself%s.", owned, instead(ownedOptions[owned]))
		case form[1] == "gres" && strings.Contains(form[2], "gpu"):
			b.fault(at, nil, "Option set by runpipe", "GPUs are asked for with resources.gpus and resources.gpu_type.")
		default:
			options = append(options, text)
		}
	}
	return options
}

func instead(argument string) string {
	if argument == "" {
		return ", and cannot be changed here"
	}
	return ": use " + argument
}

// ownedBy is the owned option that name stands for, or "". sbatch takes any
// beginning of an option's name that is not ambiguous for the whole.
func ownedBy(name string) string {
	if _, owned := ownedOptions[name]; owned {
		return name
	}
	if fullOptions[name] {
		return ""
	}
	first := ""
	for owned := range ownedOptions {
		if strings.HasPrefix(owned, name) && (first == "" || owned < first) {
			first = owned
		}
	}
	return first
}

// optionHint mends "--mail-type END" and "mail-type=END".
func optionHint(text string) string {
	if strings.HasPrefix(text, "-") && !strings.HasPrefix(text, "--") {
		return " Short options have long forms: see sbatch(1)."
	}
	better := strings.TrimLeft(text, "-")
	if name, value, found := strings.Cut(better, " "); found {
		better = name + "=" + strings.TrimSpace(value)
	}
	if better = "--" + better; optionForm.MatchString(better) && better != text {
		return " Did you mean \"" + better + "\"?"
	}
	return ""
}

// refuseSecondGres finds a --gres beside resources.gpus: the last one wins.
func (b *Block) refuseSecondGres() {
	a := b.setting("slurm", "options")
	if a == nil {
		return
	}
	if v, _ := a.Value.Unmark(); !v.IsKnown() || !isSequence(v.Type()) {
		return // said already
	}
	elements, _ := b.list(a, "")
	for _, e := range elements {
		v, _ := e.value.UnmarkDeep()
		if isText(v) && strings.HasPrefix(v.AsString(), "--gres=") && !strings.Contains(v.AsString(), "gpu") {
			b.fault(a.of(e), nil, "Option set by runpipe", "With resources.gpus the job has a --gres of its own, and of two the last one wins: "+
				"use --tres-per-node for the other resource.")
		}
	}
}
