package pipeline

import (
	"slices"
	"strings"

	"github.com/runpipe/runpipe/stages"
)

// Data is what a data stage asks for.
type Data struct {
	Address stages.Address
	stages.DataRequest
}

// Data is the data of the pipeline, sorted by address.
func (p *Pipeline) Data() []Data { return p.data }

func (e *evaluation) sortedData() []Data {
	all := slices.Clone(e.data)
	slices.SortFunc(all, func(a, b Data) int { return strings.Compare(a.Address.String(), b.Address.String()) })
	return all
}
