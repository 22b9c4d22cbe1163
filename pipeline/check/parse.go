package check

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Parse parses the source of an expression that was kept as text, as it stands
// in filename at a position. A heredoc needs the newline after its end marker,
// which an expression's range leaves out: it is given back here.
func Parse(text, filename string, at hcl.Pos) (hclsyntax.Expression, hcl.Diagnostics) {
	return hclsyntax.ParseExpression([]byte(text+"\n"), filename, at)
}
