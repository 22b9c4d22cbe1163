package plan

import (
	"fmt"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages"
)

// unfit finds what the local executor cannot give: it has one node, and no srun
// that would start several tasks.
func unfit(executor string, all []*stages.Stage) hcl.Diagnostics {
	var diags hcl.Diagnostics
	if executor != "local" {
		return nil
	}
	for _, s := range all {
		switch r := s.Resources; {
		case r.Nodes > 1:
			diags = append(diags, diagnostic(s.Range, "One node only",
				fmt.Sprintf("%s asks for %d nodes, and the local executor has this machine alone. Run it where Slurm is (--executor slurm).", s.Address, r.Nodes)))
		case r.TasksPerNode > 1:
			diags = append(diags, diagnostic(s.Range, "One task only",
				fmt.Sprintf("%s asks for %d tasks, which srun starts, and the local executor has none. Run it where Slurm is (--executor slurm).", s.Address, r.TasksPerNode)))
		}
	}
	return diags
}

// unknownReruns finds addresses given to --rerun that the pipeline lacks.
func unknownReruns(reruns []string, all []*stages.Stage) hcl.Diagnostics {
	known := map[string]bool{}
	var names []string
	for _, s := range all {
		known[s.Address.String()] = true
		names = append(names, s.Address.String())
	}
	sort.Strings(names)
	var diags hcl.Diagnostics
	for _, address := range reruns {
		if !known[address] {
			hint := "It has " + strings.Join(names, ", ") + "."
			if near := stages.Suggest(address, names); near != "" {
				hint = fmt.Sprintf("Did you mean %q?", near)
			}
			diags = append(diags, diagnostic(hcl.Range{}, "No such stage",
				fmt.Sprintf("--rerun names %s, and the pipeline has no such stage. %s", address, hint)))
		}
	}
	return diags
}
