package pipeline

import (
	"bytes"

	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Format gives a pipeline file its canonical layout: aligned equals signs, two
// spaces a level, no space at the ends of lines, one newline at the end. What is
// formatted already stays as it is, and what is not valid HCL is laid out as far
// as it is understood.
func Format(src []byte) []byte {
	out := hclwrite.Format(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")))
	if len(bytes.TrimSpace(out)) == 0 {
		return nil
	}
	return append(bytes.TrimRight(bytes.TrimLeft(out, "\n"), " \t\n"), '\n')
}
