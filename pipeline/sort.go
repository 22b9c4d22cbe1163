package pipeline

import (
	"cmp"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// Sort puts diagnostics in the order in which they are shown: those without a
// place first, then by file, line and column. What is said twice is said once,
// and so is what a second look at the same expression found.
func Sort(diags hcl.Diagnostics) hcl.Diagnostics {
	sorted := slices.Clone(diags)
	slices.SortStableFunc(sorted, func(a, b *hcl.Diagnostic) int {
		return cmp.Or(
			comparePlaces(a.Subject, b.Subject),
			cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Summary, b.Summary),
			cmp.Compare(a.Detail, b.Detail),
		)
	})
	return slices.CompactFunc(sorted, func(a, b *hcl.Diagnostic) bool {
		return comparePlaces(a.Subject, b.Subject) == 0 && a.Severity == b.Severity && a.Summary == b.Summary && a.Detail == b.Detail
	})
}

func comparePlaces(a, b *hcl.Range) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Or(
		cmp.Compare(a.Filename, b.Filename),
		cmp.Compare(a.Start.Line, b.Start.Line),
		cmp.Compare(a.Start.Column, b.Start.Column),
		cmp.Compare(a.End.Byte, b.End.Byte),
	)
}
