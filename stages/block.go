package stages

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
)

// Facts is what the decoding of a block asks of the world.
type Facts interface {
	// Pin is what the clone with this address was pinned to.
	Pin(address string) (git.Pin, bool)
	// Requirements reads what an environment asks for in a file of a pinned clone:
	// see ReadPinned.
	Requirements(clone Address, path string) (*Requirements, error)
	// Packages is what the lock file has for an environment.
	Packages(asked python.Asked) (*python.Lock, bool)
	// Data is what the lock file has for data.
	Data(asked string) (DataPin, bool)
	// FileDigest is the digest of a file on this machine, "sha256:<hex>".
	FileDigest(path string) (string, error)
}

// Block is a stage's block on its way to a Stage.
type Block struct {
	Address Address
	Range   hcl.Range // of the header
	Dir     string    // folder of the pipeline file, absolute
	Group   Group
	// Defaults is what the defaults block gives to this kind, the nearest first.
	Defaults []Group
	// Lookup is another stage that was decoded already, or nil if it has faults.
	Lookup func(address string) *Stage
	// Source gives the text of an expression that is judged in the job.
	Source func(r hcl.Range) (text string, ok bool)
	// JudgedFunctions are those that such a text may call.
	JudgedFunctions map[string]function.Function
	// Facts is nil while a pipeline is only checked.
	Facts Facts

	// Request is set by the decoding of a clone: what is to be pinned.
	Request *Request
	// Download is set by the decoding of data: what is to be pinned and fetched.
	Download *DataRequest

	diags   hcl.Diagnostics
	uses    map[string]bool // addresses of the stages whose paths are used
	follows map[string]bool // addresses that only an order is set to
}

// NewGroup wraps what hcldec decoded by a kind's spec.
func NewGroup(object cty.Value) Group { return Group{object} }

// use notes the stages that v is made from.
func (b *Block) use(v cty.Value) {
	for _, o := range origins(v) {
		if b.uses == nil {
			b.uses = map[string]bool{}
		}
		b.uses[o.Address] = true
	}
}

// follow sets an order without data.
func (b *Block) follow(address string) {
	if b.follows == nil {
		b.follows = map[string]bool{}
	}
	b.follows[address] = true
}

func (b *Block) dependencies() (after, inputs []string) {
	all := maps.Clone(b.follows)
	if all == nil {
		all = map[string]bool{}
	}
	maps.Copy(all, b.uses)
	return slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(b.uses))
}

// fault reports what is wrong with the value of expr.
func (b *Block) fault(a *Argument, expr hcl.Expression, summary, format string, args ...any) {
	if expr == nil {
		expr = a.Expr
	}
	b.diags = append(b.diags, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...),
		Subject: expr.Range().Ptr(), Expression: expr, EvalContext: a.Context,
	})
}

// faultAt reports what is wrong with the block as a whole.
func (b *Block) faultAt(summary, format string, args ...any) {
	b.diags = append(b.diags, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: b.Range.Ptr(),
	})
}

const unsuitable = "Unsuitable value"

// plain is the argument's value without marks: the one place where they are
// taken off. It notes dependencies and refuses sensitive values.
func (b *Block) plain(a *Argument) cty.Value {
	b.use(a.Value)
	value, marks := a.Value.UnmarkDeepWithPaths()
	for _, m := range marks {
		if _, is := m.Marks[Sensitive]; is {
			b.refuseSensitive(a, locate(a, m.Path))
			return cty.DynamicVal
		}
	}
	return value
}

func (b *Block) refuseSensitive(a *Argument, expr hcl.Expression) {
	b.fault(a, expr, "Sensitive value", "A sensitive value may only be the value of a variable in env: "+
		"anywhere else it would be written into the job's script or record.")
}

// as converts the argument's value; ok is false if it is unsuitable or not known.
func (b *Block) as(a *Argument, want cty.Type) (v cty.Value, ok bool) {
	if a == nil {
		return cty.NilVal, false
	}
	value := b.plain(a)
	converted, err := convert.Convert(value, want)
	if err != nil {
		expr := a.Expr
		if pathErr, is := err.(cty.PathError); is {
			expr = locate(a, pathErr.Path)
		}
		b.fault(a, expr, unsuitable, "%s: %s.", a.Name, err)
		return cty.NilVal, false
	}
	if !converted.IsWhollyKnown() || converted.IsNull() {
		return cty.NilVal, false
	}
	return converted, true
}

// text reads a string without control characters, at least one character long.
func (b *Block) text(a *Argument) (string, bool) {
	v, ok := b.as(a, cty.String)
	if !ok {
		return "", false
	}
	text := v.AsString()
	switch {
	case text == "":
		b.fault(a, nil, unsuitable, "%s must not be empty.", a.Name)
	case hasControl(text):
		b.fault(a, nil, unsuitable, "%s holds a newline or another control character.", a.Name)
	default:
		return text, true
	}
	return "", false
}

// quoted is text that must have been written as a string: a number such as 3.10
// would have lost its zero.
func (b *Block) quoted(a *Argument, why string) (string, bool) {
	if a == nil {
		return "", false
	}
	if v, _ := a.Value.Unmark(); v.Type() == cty.Number {
		b.use(a.Value)
		b.fault(a, nil, unsuitable, "%s must be in quotes: %s", a.Name, why)
		return "", false
	}
	return b.text(a)
}

// whole reads a whole number that is at least least.
func (b *Block) whole(a *Argument, least int) (int, bool) {
	v, ok := b.as(a, cty.Number)
	if !ok {
		return 0, false
	}
	n, exact := v.AsBigFloat().Int64()
	if exact != 0 || n < int64(least) || n > 1<<31-1 {
		b.fault(a, nil, unsuitable, "%s must be a whole number, at least %d.", a.Name, least)
		return 0, false
	}
	return int(n), true
}

func (b *Block) flag(a *Argument) bool {
	v, ok := b.as(a, cty.Bool)
	return ok && v.True()
}
