package lock

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
)

// DataPin is what data was pinned to.
type DataPin struct {
	SHA256 string // 64 hex digits
	Size   int64  // bytes
}

// Data is what a data stage asks for that does not say its digest.
type Data struct {
	Address string
	Asked   string    // the block's name in the file, without credentials
	Range   hcl.Range // where it is asked for
	// Read reads the file, from wherever it is, to learn what it is now.
	Read func(ctx context.Context) (DataPin, error)
}

// DataOptions are how UpdateData goes about it.
type DataOptions struct {
	Upgrade func(address string) bool // nil: none
	Locked  bool
	// Dry makes a missing pin an error: a plan downloads no data.
	Dry bool
}

// Data is what was pinned for data that is asked for by this name.
func (f *File) Data(asked string) (DataPin, bool) {
	pin, ok := f.data[asked]
	return pin, ok
}

// UpdateData pins in f the data that wanted asks for and f does not hold, or that
// is to be upgraded. f is not written.
func UpdateData(ctx context.Context, f *File, wanted []Data, o DataOptions) (changes []Change, diags hcl.Diagnostics) {
	if f.data == nil {
		f.data = map[string]DataPin{}
	}
	read := map[string]bool{}
	for _, w := range wanted {
		upgrade := o.Upgrade != nil && o.Upgrade(w.Address)
		old, pinned := f.data[w.Asked]
		switch {
		case read[w.Asked], pinned && !upgrade:
			continue
		case o.Locked:
			diags = append(diags, w.fault("Lock file would change", fmt.Sprintf("The sha256 of %s is not pinned, or was to be pinned anew. Run runpipe lock and commit the lock file.", w.Address), locked{}))
			continue
		case o.Dry:
			diags = append(diags, w.fault("Data without a pin", fmt.Sprintf("What %s is going to be is not known before its file was read once: run runpipe lock, or write its sha256.", w.Address), nil))
			continue
		}
		pin, err := w.Read(ctx)
		if err != nil {
			diags = append(diags, w.unread(err))
			continue
		}
		read[w.Asked] = true
		f.data[w.Asked] = pin
		if pin != old {
			text := fmt.Sprintf("sha256 %.7s, %d bytes", pin.SHA256, pin.Size)
			if pinned {
				text = fmt.Sprintf("sha256 moved %.7s → %.7s, %d bytes", old.SHA256, pin.SHA256, pin.Size)
			}
			changes = append(changes, Change{Address: w.Address, Packages: text, Moved: pinned})
		}
	}
	return changes, diags
}

func (w *Data) unread(err error) *hcl.Diagnostic {
	var known *download.Fault
	if errors.As(err, &known) {
		return w.fault(known.Summary, w.Address+": "+known.Detail, nil)
	}
	return w.fault("Data cannot be pinned", w.Address+": "+git.Redact(err.Error())+".", nil)
}

func (w *Data) fault(summary, detail string, extra any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &w.Range, Extra: extra}
}

func (p DataPin) write(body *hclwrite.Body) {
	body.SetAttributeValue("sha256", cty.StringVal(p.SHA256))
	body.SetAttributeValue("size", cty.NumberIntVal(p.Size))
}

func (f *File) decodeData(block *hcl.Block) hcl.Diagnostics {
	content, diags := block.Body.Content(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "sha256", Required: true}, {Name: "size", Required: true}},
	})
	asked, pin := block.Labels[0], DataPin{}
	if _, twice := f.data[asked]; twice {
		diags = append(diags, wrong(block.DefRange, "Pinned twice", fmt.Sprintf("The data %q stands in the file more than once.%s", asked, advice)))
	}
	isSum := func(s string) bool { return isHex(s, 64) }
	diags = append(diags, formed(content.Attributes["sha256"], isSum, "64 hex digits", &pin.SHA256)...)
	if size := content.Attributes["size"]; size != nil {
		value, more := size.Expr.Value(nil)
		diags = append(diags, more...)
		if !more.HasErrors() {
			if value.Type() != cty.Number || value.IsNull() || !value.AsBigFloat().IsInt() || value.AsBigFloat().Sign() < 0 {
				diags = append(diags, damaged(size.Expr.Range(), "size must be a number of bytes"))
			} else {
				pin.Size, _ = value.AsBigFloat().Int64()
			}
		}
	}
	f.data[asked] = pin
	return diags
}
