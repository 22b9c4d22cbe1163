package pipeline

import "github.com/runpipe/runpipe/stages"

// Environments is the environments of the pipeline that install packages, as their
// blocks are called, sorted by address, as far as they are known without pins.
func (p *Pipeline) Environments() []*stages.Stage { return p.environments }

func (e *evaluation) environments() []*stages.Stage {
	var all []*stages.Stage
	for _, s := range inOrder(e.stages) {
		if s.Venv != nil && s.Venv.Installs() {
			block := *s
			block.Address = stages.BlockOf(s.Address)
			all = append(all, &block)
		}
	}
	return all
}

// Layered is an environment with a layer, and the stage that builds its base.
type Layered struct {
	*stages.Stage
	Base *stages.Stage
}

// Layers is the environments that lay checkouts over their packages, likewise.
func (p *Pipeline) Layers() []Layered { return p.layers }

func (e *evaluation) layers() []Layered {
	var all []Layered
	for _, s := range inOrder(e.stages) {
		if s.Layer != nil {
			all = append(all, Layered{s, e.stages[s.Layer.Base]})
		}
	}
	return all
}
