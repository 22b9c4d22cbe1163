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
	Asks         map[string]hcl.Range // where an environment names such a file
	Range        hcl.Range            // of the ref, or else of the repository
}

// Clones is the clones of the pipeline, sorted by address.
func (p *Pipeline) Clones() []Clone { return p.clones }

// clones gathers what clones and the environments that read from them ask for.
func (e *evaluation) clones() []Clone {
	wanted, asks := map[string][]string{}, map[string]map[string]hcl.Range{}
	for _, s := range inOrder(e.stages) {
		if s.Venv != nil && s.Venv.Source != nil && s.Venv.Requirements != nil {
			clone := s.Venv.Source.Stage
			wanted[clone] = append(wanted[clone], s.Venv.Requirements.Path)
			if asks[clone] == nil {
				asks[clone] = map[string]hcl.Range{}
			}
			if _, ok := asks[clone][s.Venv.Requirements.Path]; !ok {
				asks[clone][s.Venv.Requirements.Path] = s.Venv.Asks
			}
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
		all[i].Requirements, all[i].Asks = slices.Compact(files), asks[all[i].Address.String()]
	}
	slices.SortFunc(all, func(a, b Clone) int { return strings.Compare(a.Address.String(), b.Address.String()) })
	return all
}
