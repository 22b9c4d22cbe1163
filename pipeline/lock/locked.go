package lock

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// locked marks the diagnostics of changes that Options.Locked did not allow.
type locked struct{}

// Refused reports whether a diagnostic is there because the lock file would have to
// change and must not (exit status 5).
func Refused(diags hcl.Diagnostics) bool {
	for _, d := range diags {
		if _, ok := hcl.DiagnosticExtra[locked](d); ok {
			return true
		}
	}
	return false
}

// refuse says what would change.
func (u *update) refuse() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, w := range u.wanted {
		ref := w.Ref
		if ref == "" {
			ref = "the default branch"
		}
		detail := ""
		switch {
		case u.old == nil:
			detail = fmt.Sprintf("%s: %s of %s is not pinned.", w.Address, ref, w.key().repository)
		case u.upgrade():
			detail = fmt.Sprintf("%s: %s of %s was to be pinned anew.", w.Address, ref, w.key().repository)
		case u.lacks(w) != "":
			detail = fmt.Sprintf("%s: the lock file has no digest of %s in %s of %s.", w.Address, u.lacks(w), ref, w.key().repository)
		default:
			continue
		}
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Lock file would change",
			Detail: detail + " Run runpipe lock and commit the lock file.", Subject: place(w), Extra: locked{}})
	}
	return diags
}
