package slurm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// directives collects the #SBATCH lines of a job, and all that is wrong with them.
type directives struct {
	lines  []string
	faults []error
}

// directives is the job's request to sbatch(1). An option without a value is
// left out, so that the site's default holds.
func (j Job) directives() ([]string, error) {
	var d directives
	d.text("job-name", j.Name)
	d.text("comment", j.Comment)
	d.output(j.Log)
	d.path("chdir", j.Dir)
	if j.Requeue {
		d.flag("requeue")
	} else {
		d.flag("no-requeue")
	}
	d.resources(j.Resources)
	d.site(j.Site)
	return d.lines, errors.Join(d.faults...)
}

func (d *directives) resources(r Resources) {
	if min(int64(r.GPUs), int64(r.CPUs), r.Memory, int64(r.Time), int64(r.Nodes), int64(r.TasksPerNode)) < 0 {
		d.faults = append(d.faults, fmt.Errorf("no resource can be negative: %+v", r))
		return
	}
	if r.Nodes > 0 || r.TasksPerNode > 1 {
		d.number("nodes", max(r.Nodes, 1))
	}
	if r.TasksPerNode > 0 {
		d.number("ntasks-per-node", r.TasksPerNode)
	}
	d.gpus(r)
	if perTask, err := r.cpusPerTask(); err != nil {
		d.faults = append(d.faults, err)
	} else if perTask > 0 {
		d.number("cpus-per-task", perTask)
	}
	if r.Memory > 0 {
		d.text("mem", FormatMemory(r.Memory))
	}
	if r.Time > 0 {
		d.text("time", FormatTime(r.Time))
	}
}

// gpus writes --gres, not --gpus-per-node: it works with every select plugin.
func (d *directives) gpus(r Resources) {
	switch {
	case strings.Trim(r.GPUType, bareCharacters) != "" || strings.ContainsAny(r.GPUType, ":,="):
		d.refuse("gres", "%q cannot be a GPU's type: use letters, digits, \"_\", \"-\" and \".\"", r.GPUType)
	case r.GPUs > 0 && r.GPUType != "":
		d.text("gres", "gpu:"+r.GPUType+":"+strconv.Itoa(r.GPUs))
	case r.GPUs > 0:
		d.text("gres", "gpu:"+strconv.Itoa(r.GPUs))
	}
}

// cpusPerTask divides a node's CPUs among its tasks.
func (r Resources) cpusPerTask() (int, error) {
	tasks := max(r.TasksPerNode, 1)
	if r.CPUs%tasks != 0 {
		return 0, fmt.Errorf("--cpus-per-task: %d CPUs cannot be divided among %d tasks per node: ask for a multiple of %d", r.CPUs, tasks, tasks)
	}
	return r.CPUs / tasks, nil
}

func (d *directives) site(s Site) {
	d.text("partition", s.Partition)
	d.text("account", s.Account)
	d.text("qos", s.QOS)
	d.text("constraint", s.Constraint)
	d.text("reservation", s.Reservation)
	d.text("nodelist", s.NodeList)
	d.text("exclude", s.Exclude)
	if s.Exclusive {
		d.flag("exclusive")
	}
	if s.Nice != nil {
		d.number("nice", *s.Nice)
	}
	for _, option := range s.Options {
		d.option(option)
	}
}

// option writes an option that runpipe has no word for.
func (d *directives) option(option string) {
	name, value, hasValue := strings.Cut(option, "=")
	bare, dashes := strings.CutPrefix(name, "--")
	switch {
	case !dashes || bare == "" || strings.Trim(bare, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || bare[0] == '-':
		d.refuse("options", "%q is not an option of sbatch: write it as \"--name\" or \"--name=value\"", option)
	case takenOver(bare) != "":
		d.refuse("options", "%q cannot be given: %s", option, takenOver(bare))
	case hasValue:
		d.write(bare, value)
	default:
		d.flag(bare)
	}
}

// takenOver says why an option is not the user's to give, or "". sbatch takes
// any unambiguous beginning of an option's name for the option (getopt_long(3)).
func takenOver(name string) string {
	for _, taken := range []struct{ names, why string }{
		{"job-name comment", "runpipe finds its jobs again by it"},
		{"output error open-mode", "runpipe decides where the log is"},
		{"input chdir", "runpipe decides where the command starts"},
		{"dependency kill-on-invalid-dep hold", "runpipe takes dependencies from the references between stages"},
		{"requeue no-requeue", "runpipe decides whether the stage may run again"},
		{"export export-file get-user-env", "runpipe builds the job's environment from what the pipeline declares"},
		{"array", "a stage is one job"},
		{"wrap wait parsable test-only quiet help usage version", "runpipe runs sbatch itself"},
		{"clusters", "runpipe asks the cluster at hand about its jobs"},
	} {
		for _, full := range strings.Fields(taken.names) {
			if len(name) > 2 && strings.HasPrefix(full, name) || full == name {
				return taken.why
			}
		}
	}
	return ""
}

// output writes --output as sbatch(1), "filename pattern", wants it: a percent
// sign begins a replacement, unless there is a backslash anywhere in the
// pattern; then nothing is replaced and each backslash guards what follows.
func (d *directives) output(path string) {
	if strings.Contains(path, `\`) {
		path = strings.ReplaceAll(path, `\`, `\\`)
	} else {
		path = strings.ReplaceAll(path, "%", "%%")
	}
	d.path("output", path)
	if path != "" {
		d.text("open-mode", "append") // or a requeue would truncate the log
	}
}

func (d *directives) path(name, path string) {
	if path != "" && path[0] != '/' {
		d.refuse(name, "%q is not an absolute path", path)
		return
	}
	d.text(name, path)
}

func (d *directives) number(name string, n int) { d.write(name, strconv.Itoa(n)) }

func (d *directives) flag(name string) { d.lines = append(d.lines, "#SBATCH --"+name) }

func (d *directives) text(name, value string) {
	if value != "" {
		d.write(name, value)
	}
}

// longest is what Slurm keeps of a name or comment (measured).
const longest = 1024

func (d *directives) write(name, value string) {
	switch {
	case strings.ContainsFunc(value, control) || !printable(value):
		d.refuse(name, "%q holds a character that cannot stand in a batch script's #SBATCH line", value)
	case len(value) > longest && (name == "job-name" || name == "comment"):
		d.refuse(name, "%d bytes are more than Slurm's %d", len(value), longest)
	default:
		d.lines = append(d.lines, "#SBATCH --"+name+"="+quoteDirective(value))
	}
}

func (d *directives) refuse(name, format string, args ...any) {
	d.faults = append(d.faults, fmt.Errorf("--%s: %s", name, fmt.Sprintf(format, args...)))
}

// quoteDirective writes a value as sbatch reads it from an #SBATCH line: blanks
// end it and "#" begins a comment, except in quotes; a backslash guards the
// character after it, in quotes too, which no shell does (get_argument in
// sbatch's opt.c; measured).
func quoteDirective(value string) string {
	if strings.Trim(value, bareCharacters+"[]()*&|!?<>{}^;~") == "" {
		return value
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

// FormatTime writes a time limit as Slurm reads it, HH:MM:SS or from one day on
// D-HH:MM:SS, rounded up to a second.
func FormatTime(d time.Duration) string {
	seconds := int64((max(d, 0) + time.Second - 1) / time.Second)
	days, hours, minutes := seconds/86400, seconds/3600%24, seconds/60%60
	clock := fmt.Sprintf("%02d:%02d:%02d", hours, minutes, seconds%60)
	if days == 0 {
		return clock
	}
	return fmt.Sprintf("%d-%s", days, clock)
}

// FormatMemory writes an amount of memory as Slurm reads it: in GiB ("16G") if
// that is exact, else in MiB, rounded up.
func FormatMemory(bytes int64) string {
	const mebi = 1 << 20
	m := max(bytes, 0) / mebi
	if bytes > m*mebi {
		m++
	}
	if m > 0 && m%1024 == 0 {
		return fmt.Sprintf("%dG", m/1024)
	}
	return fmt.Sprintf("%dM", m)
}
