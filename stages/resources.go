package stages

import (
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
)

// placementBlocks is the blocks that say what a stage's job asks of the site.
func placementBlocks() hcldec.ObjectSpec {
	resources := arguments("gpus", "gpu_type", "cpus", "memory", "time", "nodes", "tasks_per_node")
	slurm := arguments("partition", "account", "qos", "constraint", "reservation", "exclusive", "nodelist", "exclude", "nice", "options")
	return hcldec.ObjectSpec{
		"resources": &hcldec.BlockSpec{TypeName: "resources", Nested: resources},
		"slurm":     &hcldec.BlockSpec{TypeName: "slurm", Nested: slurm},
	}
}

// DefaultsSpec is what a defaults block may hold: for all stages, and by kind.
func DefaultsSpec() hcldec.ObjectSpec { return defaultsSpec }

var defaultsSpec = func() hcldec.ObjectSpec {
	spec := placementBlocks()
	for _, name := range []string{"clone", "environment", "data", "train", "evaluate", "stage"} {
		spec[name] = &hcldec.BlockSpec{TypeName: name, Nested: placementBlocks()}
	}
	return spec
}()

// DefaultsFor is what an evaluated defaults block gives to a kind, the nearest first.
func DefaultsFor(kind string, defaults cty.Value) []Group {
	all := Group{defaults}
	return []Group{all.group(kind), all}
}

// CheckDefaults finds what is wrong with a defaults block by itself.
func CheckDefaults(defaults cty.Value, at hcl.Range) hcl.Diagnostics {
	all := Group{defaults}
	b := &Block{Range: at, Group: all, Address: Address{Kind: "stage"}}
	b.decodeResources(&Stage{})
	b.decodeSite(&Stage{})
	for _, k := range Kinds() {
		b.Group, b.Address = all.group(k.Name()), Address{Kind: k.Name()}
		b.refuseGPUs()
		b.decodeResources(&Stage{})
		b.decodeSite(&Stage{})
	}
	if len(b.uses) > 0 {
		b.faultAt("Reference to a stage", "Defaults hold for every stage, and cannot use what one of them makes.")
	}
	return b.diags
}

// wide are the resources that only a stage with a command of its own can use.
var wide = map[string]bool{"gpus": true, "gpu_type": true, "nodes": true, "tasks_per_node": true}

// runsCommand reports whether the block's kind runs a command of the user's.
func (b *Block) runsCommand() bool {
	return b.Address.Kind != "clone" && b.Address.Kind != "environment" && b.Address.Kind != "data"
}

// setting is an argument of the block, or else of the nearest defaults.
func (b *Block) setting(block, name string) *Argument {
	if a := b.Group.group(block).get(name); a != nil {
		return a
	}
	if block == "resources" && wide[name] && !b.runsCommand() {
		return nil
	}
	for _, defaults := range b.Defaults {
		if a := defaults.group(block).get(name); a != nil {
			return a
		}
	}
	return nil
}

func (b *Block) decodePlacement(s *Stage) {
	b.refuseGPUs()
	b.decodeResources(s)
	b.decodeSite(s)
	if s.Resources.GPUs > 0 {
		b.refuseSecondGres()
	}
	if tasks, cpus := s.Resources.TasksPerNode, s.Resources.CPUs; tasks > 1 && cpus%tasks != 0 {
		b.fault(b.setting("resources", "cpus"), nil, unsuitable,
			"cpus are counted per node and divided among its tasks: %d cannot be divided by %d.", cpus, tasks)
	}
}

// isZero reports whether an argument is not given, or known to be 0.
func (b *Block) isZero(a *Argument) bool {
	if a == nil {
		return true
	}
	v, _ := a.Value.Unmark()
	return v.RawEquals(cty.Zero)
}

func (b *Block) refuseGPUs() {
	if b.runsCommand() {
		return
	}
	for _, name := range []string{"gpus", "gpu_type", "nodes", "tasks_per_node"} {
		if a := b.Group.group("resources").get(name); a != nil {
			b.fault(a, nil, "Unsupported resource", "A stage of kind %s runs as one task without a GPU: leave %s out. "+
				"The stages that use it ask for their own.", b.Address.Kind, name)
		}
	}
}

var gpuType = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

func (b *Block) decodeResources(s *Stage) {
	r := &s.Resources
	get := func(name string) *Argument { return b.setting("resources", name) }
	r.GPUs, _ = b.whole(get("gpus"), 0)
	r.CPUs, _ = b.whole(get("cpus"), 1)
	r.Nodes, _ = b.whole(get("nodes"), 1)
	r.TasksPerNode, _ = b.whole(get("tasks_per_node"), 1)
	if a := get("gpu_type"); a != nil {
		if text, ok := b.text(a); ok && !gpuType.MatchString(text) {
			b.fault(a, nil, unsuitable, "A GPU's type is one word, as in sinfo's GRES column: gpu:a100:4 has the type \"a100\".")
		} else if r.GPUs > 0 {
			r.GPUType = text
		} else if own := b.Group.group("resources").get("gpu_type"); ok && own != nil && b.runsCommand() && b.isZero(get("gpus")) {
			b.fault(a, nil, "Type without GPUs", "gpu_type says which GPUs, but no GPU is asked for: add gpus = 1.")
		}
	}
	if a := get("memory"); a != nil {
		if text, ok := b.text(a); ok {
			size, err := ParseSize(text)
			r.Memory = size
			b.unitFault(a, text, err)
		}
	}
	if a := get("time"); a != nil {
		if text, ok := b.text(a); ok {
			duration, err := ParseDuration(text)
			r.Time = duration
			b.unitFault(a, text, err)
		}
	}
}

func (b *Block) unitFault(a *Argument, text string, err error) {
	if err != nil {
		b.fault(a, nil, unsuitable, "%s = %q: %s", a.Name, text, sentence(err))
	}
}

// sentence ends an error's text as a sentence.
func sentence(err error) string {
	if strings.HasSuffix(err.Error(), "?") {
		return err.Error()
	}
	return err.Error() + "."
}

func (b *Block) decodeSite(s *Stage) {
	site := &s.Site
	for name, field := range map[string]*string{
		"partition": &site.Partition, "account": &site.Account, "qos": &site.QOS, "constraint": &site.Constraint,
		"reservation": &site.Reservation, "nodelist": &site.NodeList, "exclude": &site.Exclude,
	} {
		*field, _ = b.text(b.setting("slurm", name))
	}
	site.Exclusive = b.flag(b.setting("slurm", "exclusive"))
	if a := b.setting("slurm", "nice"); a != nil {
		if nice, ok := b.whole(a, -1<<31+1); ok {
			site.Nice = &nice
		}
	}
	site.Options = b.options(b.setting("slurm", "options"))
}
