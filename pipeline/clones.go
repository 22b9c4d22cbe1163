package pipeline

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages"
)

// Clone is what a clone stage asks for, and so what is to be pinned.
type Clone struct {
	Address    stages.Address
	Repository string   // as written, with its credentials if there are any: never show or write it
	Ref        string   // as written; "" is the remote's default branch
	Paths      []string // only these; none: everything
	// Requirements is the files that environments read from this clone, sorted: see
	// stages.ReadPinned.
	Requirements []string
	Range        hcl.Range // of the ref, or else of the repository
}

// Clones is the clones of the pipeline, sorted by address.
func (p *Pipeline) Clones() []Clone { return p.clones }

// clones gathers what clones and the environments that read from them ask for.
func (e *evaluation) clones() []Clone {
	wanted := map[string][]string{}
	for _, s := range inOrder(e.stages) {
		if s.Venv != nil && s.Venv.Source != nil && s.Venv.Requirements != nil {
			wanted[s.Venv.Source.Stage] = append(wanted[s.Venv.Source.Stage], s.Venv.Requirements.Path)
		}
		if s.Layer == nil {
			continue
		}
		for _, c := range s.Layer.Checkouts {
			wanted[c.Stage] = append(wanted[c.Stage], stages.BuildFile)
		}
	}
	all := slices.Clone(e.requests)
	for i := range all {
		files := wanted[all[i].Address.String()]
		slices.Sort(files)
		all[i].Requirements = slices.Compact(files)
	}
	slices.SortFunc(all, func(a, b Clone) int { return strings.Compare(a.Address.String(), b.Address.String()) })
	return all
}
