package stages

import (
	"regexp"
	"slices"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reservedPrefixes begin the names of variables that the job itself gets from
// the supervisor and from Slurm.
var reservedPrefixes = []string{"RUNPIPE_", "SLURM_", "SBATCH_", "SRUN_"}

// decodeEnv reads env and pass_env: plain values, secrets, and names.
func (b *Block) decodeEnv(s *Stage) {
	env := b.Group.get("env")
	entries, _ := b.entries(env, `{ KERAS_BACKEND = "jax" }`)
	for _, e := range entries {
		if !b.variableName(env, e, e.key) || isNull(e.value) {
			continue
		}
		b.decodeVariable(env.of(e), e.key, s)
	}
	passed := b.Group.get("pass_env")
	names, _ := b.list(passed, `["HF_TOKEN"]`)
	for _, e := range names {
		if isNull(e.value) {
			continue
		}
		name, ok := b.text(passed.of(e))
		if !ok || !b.variableName(passed, e, name) {
			continue
		}
		if given(s, name) {
			b.fault(passed, e.expr, "Duplicate variable", "%s is set in env already: a variable has one source.", name)
		} else if !slices.Contains(s.PassEnv, name) {
			s.PassEnv = append(s.PassEnv, name)
		}
	}
	slices.Sort(s.PassEnv)
}

func given(s *Stage, name string) bool {
	_, plain := s.Env[name]
	_, secret := s.Secrets[name]
	return plain || secret
}

// decodeVariable is the one place where a sensitive value may go.
func (b *Block) decodeVariable(a *Argument, name string, s *Stage) {
	secret := IsSensitive(a.Value)
	into := &s.Env
	if secret {
		into = &s.Secrets
		b.use(a.Value)
		a.Value, _ = a.Value.UnmarkDeep()
		a.Context = nil // a fault must not show what is in scope
	}
	ty := a.Value.Type()
	if a.Value.IsKnown() && !ty.IsPrimitiveType() {
		b.fault(a, nil, unsuitable, "%s must be a text, a number or a bool: a job's environment holds nothing else. jsonencode(…) makes a text of anything.", name)
		return
	}
	a.Name = name
	text, ok := b.line(a)
	if !ok {
		return
	}
	if *into == nil {
		*into = map[string]string{}
	}
	(*into)[name] = text
}

func (b *Block) variableName(a *Argument, e element, name string) bool {
	at := e.expr
	if e.name != nil {
		at = e.name
	}
	if !variableName.MatchString(name) {
		b.fault(a, at, "Invalid variable name", "%q is not a name that a shell knows: letters, digits and _, not starting with a digit.", name)
		return false
	}
	for _, prefix := range reservedPrefixes {
		if strings.HasPrefix(name, prefix) {
			b.fault(a, at, "Reserved variable name", "%s: names that start with %s are set for the job by runpipe and Slurm.", name, prefix)
			return false
		}
	}
	return true
}
