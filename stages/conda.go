package stages

import (
	"fmt"

	"github.com/runpipe/runpipe/stages/conda"
	"github.com/runpipe/runpipe/stages/python"
)

// conda reads the explicit list of an environment of conda's. It goes the way of a
// requirements file, whose place it takes.
func (b *Block) conda(list *Argument, v *Venv) {
	v.Conda = true
	if a := b.Group.get("install"); a != nil {
		b.fault(a, nil, "Not there yet", "To install checkouts over an environment of conda's is still to come: put them on PYTHONPATH, as in env = { PYTHONPATH = clone.code.path }.")
		return
	}
	for _, name := range []string{"packages", "requirements", "project", "extras", "groups", "index", "extra_index"} {
		if other := b.Group.get(name); other != nil {
			b.fault(other, nil, "Two lists of packages", "conda and %s exclude each other: an explicit list names all packages, and where each comes from.", name)
			return
		}
	}
	if value, _ := list.Value.Unmark(); value.CanIterateElements() {
		b.fault(list, nil, unsuitable, "conda is the name of a file, an explicit list: %s.", conda.Advice)
		return
	}
	v.Requirements = b.requirements(list, v)
}

// checkForPip refuses a file of conda's.
func (r *Requirements) checkForPip() error {
	if !conda.IsList(r.Files[r.Path]) {
		return nil
	}
	if _, err := conda.Parse(r.Files[r.Path]); err != nil {
		return fmt.Errorf("%s is a file of conda's, and conda = … takes an explicit list in the place of requirements: %w", r.Path, err)
	}
	return fmt.Errorf("%s is a list of conda's: write conda = %q in the place of requirements", r.Path, r.Path)
}

// CondaList is the environment's explicit list, whose file must be at hand. An
// error names the file and, where it can, the line.
func (v *Venv) CondaList() (*conda.List, error) {
	l, err := conda.Parse(v.Requirements.Files[v.Requirements.Path])
	if err == nil {
		err = l.CheckPlatform(v.platform())
	}
	if err == nil {
		err = v.checkPython(l)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", v.Requirements.Path, err)
	}
	return l, nil
}

// checkPython compares the version that the block wants with that of the list.
func (v *Venv) checkPython(l *conda.List) error {
	have := l.Python()
	switch {
	case v.Python == "" || have != "" && python.Matches(v.Python, have):
		return nil
	case have == "":
		return fmt.Errorf("python %s is wanted, and none is among its packages", v.Python)
	}
	return fmt.Errorf("python %s is wanted, and its packages bring python %s", v.Python, have)
}
