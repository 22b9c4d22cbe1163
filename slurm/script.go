package slurm

import (
	"errors"
	"fmt"
	"strings"
)

// Render writes the job as one batch script: what sbatch is given, and what
// anyone may read, or run by hand. Every value in it is quoted; one that
// cannot be is an error that names where it stands. The same Job renders to the
// same bytes.
func (j Job) Render() ([]byte, error) {
	lines, err := j.directives()
	if err := errors.Join(err, j.check()); err != nil {
		return nil, fmt.Errorf("writing the batch script of %q: %w", j.Name, err)
	}
	var s script
	s.line("#!/bin/bash")
	s.line("%s", strings.Join(lines, "\n"))
	s.comments(j.About)
	s.supervisor(j.Supervisor)
	s.environment(j)
	s.work(j)
	return []byte(s.String()), nil
}

// check finds what no quoting can mend.
func (j Job) check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if (len(j.Command) == 0) == (j.Script == "") {
		fault("a job has either a command or a script")
	}
	for _, list := range [][]string{j.Supervisor, j.Command, {j.Activate, j.Conda, j.Script}, j.About, j.Modules} {
		for _, word := range list {
			if strings.ContainsRune(word, 0) {
				fault("%q holds a NUL, which no program can be given", word)
			}
		}
	}
	if len(j.Command) > 0 && j.Command[0] == "" {
		fault("the command's first word is empty")
	}
	for _, environment := range []string{j.Activate, j.Conda} {
		if environment != "" && environment[0] != '/' {
			fault("the environment %q is not an absolute path", environment)
		}
	}
	if j.Activate != "" && j.Conda != "" {
		fault("a job has one environment, and this one has both %q and %q", j.Activate, j.Conda)
	}
	for _, module := range j.Modules {
		if module == "" || module[0] == '-' || strings.ContainsFunc(module, control) || strings.ContainsAny(module, " ") {
			fault("%q cannot be a module's name", module)
		}
	}
	for _, export := range j.Exports {
		if !isVariable(export.Name) {
			fault("%q cannot be a variable's name", export.Name)
		}
		if strings.ContainsRune(export.Value, 0) {
			fault("the value of %s holds a NUL, which no program can be given", export.Name)
		}
	}
	if j.Launcher != LaunchSrun && j.Launcher != LaunchNone && j.Launcher != "" {
		fault("%q is not a launcher: use %q or %q", j.Launcher, LaunchSrun, LaunchNone)
	}
	return errors.Join(faults...)
}

func isVariable(name string) bool {
	return name != "" && (name[0] < '0' || name[0] > '9') && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// script is the text as it grows.
type script struct{ strings.Builder }

func (s *script) line(format string, args ...any) {
	fmt.Fprintf(s, format+"\n", args...)
}

// comments writes one comment line for each line of text. "# " in front keeps
// it from being a directive: those begin with "#SBATCH".
func (s *script) comments(about []string) {
	for _, text := range about {
		for text := range strings.FieldsFuncSeq(text, func(r rune) bool { return r != '\t' && control(r) }) {
			if strings.HasPrefix(strings.TrimSpace(text), "shellcheck") {
				text = "- " + text // "# shellcheck …" would be one of its directives
			}
			s.line("# %s", strings.ToValidUTF8(text, "?"))
		}
	}
}

// supervisor makes the batch process the supervisor, which runs this script
// again with RUNPIPE_STAGE set. It must be the batch process itself: Slurm kills
// a child of it before it can write its record.
func (s *script) supervisor(argv []string) {
	if len(argv) == 0 {
		return
	}
	s.line("")
	s.line("runpipe=%s", Quote(argv[0]))
	s.line("%s", wrap(`[ "${RUNPIPE_STAGE:-}" ] || exec "$runpipe"`, append(quoteAll(argv[1:]), `"$0"`)))
}

// environment sets what the command finds: variables, modules, a virtual
// environment. A step that fails ends the job. There is no "set -u" here, which
// neither modules nor activate scripts bear.
func (s *script) environment(j Job) {
	s.line("")
	if perTask, err := j.Resources.cpusPerTask(); err == nil && perTask > 0 && j.Launcher == LaunchSrun {
		s.line("export SRUN_CPUS_PER_TASK=%d", perTask) // srun 22.05 to 23.02 does not take it from the job
	}
	for _, export := range j.Exports {
		s.line("export %s=%s", export.Name, quoteValue(export.Value))
	}
	for _, module := range j.Modules {
		s.line("module load %s || exit", Quote(module))
	}
	if len(j.Modules) > 0 {
		s.line("%s", `echo "${LOADEDMODULES:-}" > "${RUNPIPE_MODULES:-/dev/null}" # for the record`)
	}
	if j.Activate != "" {
		s.line("# shellcheck source=/dev/null")
		s.line(". %s || exit", Quote(strings.TrimSuffix(j.Activate, "/")+"/bin/activate"))
	}
	if j.Conda != "" {
		s.conda(j.Conda)
	}
}

// conda does what `conda activate` does, by the same files
// (https://docs.conda.io/projects/conda/en/stable/dev-guide/deep-dives/activation.html).
// Like it, it bears a script of a package that ends with another status than 0.
func (s *script) conda(prefix string) {
	s.line("CONDA_PREFIX=$(readlink -ev %s) || exit", Quote(prefix))
	s.line(`export CONDA_PREFIX CONDA_DEFAULT_ENV="$CONDA_PREFIX" CONDA_SHLVL=1 PATH="$CONDA_PREFIX/bin:$PATH"`)
	s.line(`for activate in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do`)
	s.line("  # shellcheck source=/dev/null")
	s.line(`  if [ -r "$activate" ]; then . "$activate"; fi`)
	s.line("done")
}

// quoteValue quotes a single word too where it could be taken for a command
// whose output is wanted (shellcheck SC2209: x=test).
func quoteValue(value string) string {
	quoted := Quote(value)
	if quoted == value && strings.Trim(value, "abcdefghijklmnopqrstuvwxyz") == "" {
		return quoteSingle(value)
	}
	return quoted
}
