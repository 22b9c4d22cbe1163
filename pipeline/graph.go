package pipeline

import (
	"container/heap"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages"
)

// sortNodes puts the nodes in an order in which each comes behind what it needs,
// and reports each cycle as its path.
func (p *Pipeline) sortNodes() hcl.Diagnostics {
	s := &sorter{nodes: p.nodes, state: map[string]int{}}
	for _, name := range slices.Sorted(maps.Keys(p.nodes)) {
		s.visit(name)
	}
	p.order = s.order
	return s.diags
}

// sorter walks the nodes depth first.
type sorter struct {
	nodes map[string]*node
	state map[string]int // open or done
	path  []string
	order []*node
	diags hcl.Diagnostics
}

const (
	open = iota + 1
	done
)

func (s *sorter) visit(name string) {
	n := s.nodes[name]
	s.state[name] = open
	s.path = append(s.path, name)
	for _, need := range n.needs {
		switch s.state[need] {
		case open:
			s.report(s.path[slices.Index(s.path, need):])
		case 0:
			s.visit(need)
		}
		n.cyclic = n.cyclic || s.nodes[need].cyclic
	}
	s.path = s.path[:len(s.path)-1]
	s.state[name] = done
	s.order = append(s.order, n)
}

// report shows a cycle at the reference that closes it.
func (s *sorter) report(cycle []string) {
	for _, name := range cycle {
		s.nodes[name].cyclic = true
	}
	first := slices.Index(cycle, s.start(cycle))
	turned := append(slices.Clone(cycle[first:]), cycle[:first]...)
	turned = append(turned, turned[0])
	n := s.nodes[turned[0]]
	place := n.at
	for _, r := range n.references {
		if r.target == turned[1] && r.fault == nil {
			place = r.traversal.SourceRange()
			break
		}
	}
	if len(turned) == 2 {
		s.diags = append(s.diags, fault(place, "Cycle", "%s refers to itself.%s", turned[0], selfHint(n)))
		return
	}
	s.diags = append(s.diags, fault(place, "Cycle", "Each of these needs the next one first: %s.", strings.Join(turned, " → ")))
}

// start is where a cycle is best entered: at its first stage, since a local only
// passes on what a stage makes.
func (s *sorter) start(cycle []string) string {
	for _, name := range slices.Sorted(slices.Values(cycle)) {
		if s.nodes[name].kind != nil {
			return name
		}
	}
	return slices.Min(cycle)
}

func selfHint(n *node) string {
	if n.kind != nil {
		return " In a check its own metrics are metrics.<name>; in a script its own paths are relative."
	}
	return ""
}

// inOrder puts stages behind all those that they depend on; of the ones that may
// come next, the first by address does.
func inOrder(all map[string]*stages.Stage) []*stages.Stage {
	waiting := map[string]int{}
	followers := map[string][]string{}
	ready := &addresses{}
	for address, s := range all {
		for _, upstream := range s.After {
			if all[upstream] != nil {
				waiting[address]++
				followers[upstream] = append(followers[upstream], address)
			}
		}
		if waiting[address] == 0 {
			heap.Push(ready, address)
		}
	}
	var ordered []*stages.Stage
	for ready.Len() > 0 {
		address := heap.Pop(ready).(string)
		ordered = append(ordered, all[address])
		for _, follower := range followers[address] {
			if waiting[follower]--; waiting[follower] == 0 {
				heap.Push(ready, follower)
			}
		}
	}
	return ordered
}

// addresses is a heap: the least comes out first.
type addresses []string

func (a addresses) Len() int           { return len(a) }
func (a addresses) Less(i, j int) bool { return a[i] < a[j] }
func (a addresses) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *addresses) Push(x any)        { *a = append(*a, x.(string)) }
func (a *addresses) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	*a = (*a)[:last]
	return x
}
