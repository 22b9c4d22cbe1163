package pipeline

import "github.com/runpipe/runpipe/stages"

// Environments is the environments of the pipeline that install packages, sorted
// by address, as far as they are known without pins.
func (p *Pipeline) Environments() []*stages.Stage { return p.environments }

func (e *evaluation) environments() []*stages.Stage {
	var all []*stages.Stage
	for _, s := range inOrder(e.stages) {
		if s.Venv != nil && s.Venv.Installs() {
			all = append(all, s)
		}
	}
	return all
}
