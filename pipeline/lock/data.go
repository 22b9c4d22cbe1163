package lock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/huggingface"
)

// DataPin is what data was pinned to.
type DataPin = stages.DataPin

// Data is what a data stage asks for that does not say its digest.
type Data struct {
	Address  string
	Asked    string    // the block's name in the file, without credentials
	Family   string    // what the names of all begin with that are to be of one commit; or ""
	Revision string    // what was asked for of which a commit is pinned, in words; or ""
	Range    hcl.Range // where it is asked for
	From     hcl.Range // where its repository or its ref is, if it comes from one
	At       hcl.Range // where the file says its revision, of a repository of Hugging Face
	Chosen   hcl.Range // where the file chooses among its files, likewise
	// Read reads the data, from wherever it is, to learn what it is now. With a commit
	// given, it is what it is there.
	Read func(ctx context.Context, commit string) (DataPin, error)
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
			diags = append(diags, w.fault("Lock file would change", fmt.Sprintf("What %s is is not pinned, or was to be pinned anew. Run runpipe lock and commit the lock file.", w.Address), locked{}))
			continue
		case o.Dry:
			diags = append(diags, w.fault("Data without a pin", fmt.Sprintf("What %s is going to be is not known before it was read once: run runpipe lock, or write its sha256 if it is one file.", w.Address), nil))
			continue
		}
		commit := ""
		if !upgrade {
			commit = f.commitOf(w.Family)
		}
		pin, err := w.Read(ctx, commit)
		if err != nil {
			diags = append(diags, w.unread(err))
			continue
		}
		read[w.Asked] = true
		f.data[w.Asked] = pin
		if !reflect.DeepEqual(pin, old) {
			changes = append(changes, w.change(pin, old))
		}
	}
	return changes, diags
}

// commitOf is the commit that other data of the same revision is pinned to, or "".
func (f *File) commitOf(family string) string {
	commit := ""
	for asked, pin := range f.data {
		rest, ok := strings.CutPrefix(asked, family)
		if !ok || family == "" || rest != "" && rest[0] != ' ' && rest[0] != ':' {
			continue
		}
		if commit == "" || pin.Commit < commit { // after an upgrade of one of them either will do
			commit = pin.Commit
		}
	}
	return commit
}

// change tells what was pinned. old is empty where nothing was.
func (w *Data) change(pin, old DataPin) Change {
	c := Change{Address: w.Address, Kind: PinnedData, Old: identity(old), New: identity(pin), Files: len(pin.Files), Bytes: pin.Size}
	what, verb := "sha256", " "
	if pin.Commit != "" {
		what, verb = w.Revision, " → "
	}
	switch {
	case c.Old == "":
		c.What = fmt.Sprintf("%s%s%.7s", what, verb, c.New)
	case c.Old == c.New:
		c.What = fmt.Sprintf("%s still %.7s", what, c.New)
	default:
		c.What = fmt.Sprintf("%s moved %.7s → %.7s", what, c.Old, c.New)
	}
	return c
}

// identity is what one pin is told from another by.
func identity(pin DataPin) string { return cmp.Or(pin.Commit, pin.SHA256) }

// aboutRepository are the faults that the path within a repository has no part in.
var aboutRepository = []error{git.ErrAddress, git.ErrNotRepository, git.ErrEmpty, git.ErrNoRef, git.ErrNetwork, git.ErrAuthentication}

func (w *Data) unread(err error) *hcl.Diagnostic {
	var known *download.Fault
	var fromGit *git.Fault
	switch {
	case errors.As(err, &known):
		d := w.fault(known.Summary, w.Address+": "+known.Detail, nil)
		place := map[string]*hcl.Range{huggingface.NoRevision: &w.At, huggingface.NoFile: &w.Chosen}[known.Summary]
		if place != nil && *place != (hcl.Range{}) {
			d.Subject = place
		}
		return d
	case errors.As(err, &fromGit):
		d := w.fault(fromGit.Summary, w.Address+": "+fromGit.Detail, nil)
		if w.From != (hcl.Range{}) && slices.Contains(aboutRepository, fromGit.Kind) {
			d.Subject = &w.From
		}
		return d
	}
	return w.fault("Data cannot be pinned", w.Address+": "+git.Redact(err.Error())+".", nil)
}

func (w *Data) fault(summary, detail string, extra any) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &w.Range, Extra: extra}
}
