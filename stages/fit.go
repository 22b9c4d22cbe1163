package stages

import "github.com/hashicorp/hcl/v2"

// fitAtHand holds an environment's block against the file of packages that it names. A
// file in a clone is read later, when that is there: see Misfits.
func (b *Block) fitAtHand(v *Venv, passed []element) {
	if v.Requirements != nil && v.Requirements.Files != nil {
		b.fit(v.Requirements, v, passed)
	}
}

// misfits is for fit what the files turn out to be only later.
func (b *Block) misfits(v *Venv, passed []element) func(*Requirements) hcl.Diagnostics {
	return func(r *Requirements) hcl.Diagnostics {
		again := &Block{Address: b.Address, Range: b.Range, Group: b.Group}
		again.fit(r, v, passed)
		return again.diags
	}
}

// Misfits tells at their places the arguments of the environment's block that do not fit
// its file of packages, which has been read meanwhile.
func (v *Venv) Misfits() hcl.Diagnostics {
	if v.misfits == nil || v.Requirements == nil || v.Requirements.Files == nil {
		return nil // of an earlier run, whose block fitted; or there is no file
	}
	return v.misfits(v.Requirements)
}

func (b *Block) fit(r *Requirements, v *Venv, passed []element) {
	switch list, requirements := b.Group.get("conda"), b.Group.get("requirements"); {
	case list != nil:
		known := *v
		known.Requirements = r
		packages, err := known.CondaList()
		if err != nil {
			b.fault(list, nil, "Unsuitable conda list", "%s.", err)
			return
		}
		b.fitVariables(packages.Variables(), list, r.Path, passed)
	case requirements != nil:
		if err := r.checkForPip(); err != nil {
			b.fault(requirements, nil, "Unsuitable requirements", "%s.", err)
			return
		}
		_, names := r.indexLines()
		b.fitVariables(names, requirements, r.Path, passed)
	default:
		b.knownParts(r, v)
	}
}
