package plan

import (
	"context"
	"fmt"
	"os"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/python"
)

// findTools looks on the submitter's PATH for what builds an environment. The
// python of a module is found in the job instead.
func findTools(ctx context.Context, s *stages.Stage, probe bool) (stages.Tools, error) {
	tools := stages.Tools{UV: python.UV()}
	if s.Venv.Conda {
		return condaTools(s, os.Getenv)
	}
	if len(s.Modules) > 0 {
		return tools, nil
	}
	wanted := s.Venv.WantedPython()
	if !probe {
		if candidates := python.Candidates(wanted); len(candidates) > 0 {
			tools.Python = candidates[0]
			return tools, nil
		}
	}
	found, err := python.Find(ctx, wanted)
	switch {
	case err == nil:
		tools.Python = found.Path
		return tools, nil
	case tools.UV != "" && wanted != "":
		return tools, nil // uv brings interpreters of its own
	}
	locked := ""
	if s.Venv.Lock != nil && s.Venv.Python != wanted {
		locked = fmt.Sprintf(", for which its packages are locked: \"runpipe lock --upgrade=%s\" locks them for another", s.Address)
	}
	return tools, fmt.Errorf("%s: %w. Install it or uv, change python = …, or load it by modules = […]%s", s.Address, err, locked)
}
