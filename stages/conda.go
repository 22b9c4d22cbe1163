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
	for _, name := range []string{"packages", "requirements", "index", "extra_index"} {
		if other := b.Group.get(name); other != nil {
			b.fault(other, nil, "Two lists of packages", "conda and %s exclude each other: an explicit list names all packages, and where each comes from.", name)
			return
		}
	}
	if value, _ := list.Value.Unmark(); value.CanIterateElements() {
		b.fault(list, nil, unsuitable, "conda is the name of a file, an explicit list: %s.", conda.Advice)
		return
	}
	if v.Requirements = b.requirements(list, v.Source); v.Requirements == nil || v.Requirements.Files == nil {
		return // it has a fault, or stands in a clone and is read when that is there
	}
	if _, err := v.CondaList(); err != nil {
		b.fault(list, nil, "Unsuitable conda list", "%s.", err)
	}
}

// refuseConda sees to it that no list of conda's is read as one for pip.
func (b *Block) refuseConda(a *Argument, r *Requirements) {
	if err := r.CheckForPip(); err != nil {
		b.fault(a, nil, "Unsuitable requirements", "%s.", err)
	}
}

// CheckForPip refuses a file of conda's, as far as the files are at hand.
func (r *Requirements) CheckForPip() error {
	if r == nil || !conda.IsList(r.Files[r.Path]) {
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
