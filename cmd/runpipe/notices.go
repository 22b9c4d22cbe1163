package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/runpipe/runpipe/pipeline/plan"
	"github.com/runpipe/runpipe/slurm/local"
)

// noteMissing says, once and before anything is submitted, what stages ask for
// that this machine does not have, and that they run all the same.
func (a *app) noteMissing(ctx context.Context, p *plan.Plan) {
	if p.Executor() != executorLocal {
		return
	}
	if stages := p.GPUStages(); len(stages) > 0 {
		machine := local.Discover(ctx)
		if len(machine.GPUs) == 0 {
			a.err.Say(noGPU(stages, machine.Fault))
		}
	}
	if modules := p.Modules(); len(modules) > 0 && !moduleSystem(ctx) {
		a.err.Say(fmt.Sprintf("Note: there is no module system on this machine, so that %s cannot be loaded; the stages run with what is installed here.", strings.Join(modules, ", ")))
	}
}

func noGPU(stages []string, fault string) string {
	verb := "asks"
	if len(stages) > 1 {
		verb = "ask"
	}
	why := ""
	if fault != "" {
		why = " (" + fault + ")"
	}
	return fmt.Sprintf("Note: there is no GPU on this machine%s, and %s %s for one; the training runs on the CPU.", why, strings.Join(stages, ", "), verb)
}

// moduleSystem reports whether a login shell of this machine has `module`, which
// is what a job's supervisor goes by.
func moduleSystem(ctx context.Context) bool {
	return exec.CommandContext(ctx, "/bin/bash", "--noprofile", "-c", `for f in /etc/profile.d/lmod.sh /etc/profile.d/modules.sh /usr/share/modules/init/bash "${MODULESHOME:-/nonexistent}/init/bash"; do [ -r "$f" ] && exit 0; done; declare -F module >/dev/null`).Run() == nil
}
