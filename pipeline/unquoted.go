package pipeline

import (
	"regexp"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// unquotedKeys finds the keys of maps that are meant as file names and lack
// their quotes, { train.py = … } and { data/x.npz = … }, and where they stand.
func unquotedKeys(body *hclsyntax.Body) ([]hcl.Range, hcl.Diagnostics) {
	var ranges []hcl.Range
	var diags hcl.Diagnostics
	hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
		key, ok := n.(*hclsyntax.ObjectConsKeyExpr)
		if !ok || key.ForceNonLiteral || hcl.ExprAsKeyword(key.Wrapped) != "" {
			return nil
		}
		switch key.Wrapped.(type) {
		case *hclsyntax.ScopeTraversalExpr, *hclsyntax.RelativeTraversalExpr, *hclsyntax.BinaryOpExpr, *hclsyntax.UnaryOpExpr:
			ranges = append(ranges, key.Range())
			diags = append(diags, fault(key.Range(), "Name without quotes",
				"A name with a dot, a slash or a dash at its start needs quotes, as in { \"train.py\" = … }; to use a value as the name, put it in parentheses."))
		}
		return nil
	})
	return ranges, diags
}

func within(r hcl.Range, ranges []hcl.Range) bool {
	for _, outer := range ranges {
		if outer.Filename == r.Filename && outer.Start.Byte <= r.Start.Byte && r.End.Byte <= outer.End.Byte {
			return true
		}
	}
	return false
}

// script is the expression of a stage's script, or nil.
func (n *node) script() hcl.Expression {
	if n.kind == nil {
		return nil
	}
	content, _, _ := n.block.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "script"}}})
	if attr := content.Attributes["script"]; attr != nil {
		return attr.Expr
	}
	return nil
}

var shellName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// meantForShell reports whether ${X} in a script looks like a variable of the shell.
func meantForShell(t hcl.Traversal, script hcl.Expression) bool {
	if _, template := script.(*hclsyntax.TemplateExpr); !template {
		if _, wrapped := script.(*hclsyntax.TemplateWrapExpr); !wrapped {
			return false
		}
	}
	return len(t) == 1 && shellName.MatchString(t.RootName()) && within(t.SourceRange(), []hcl.Range{script.Range()})
}

func shellFault(t hcl.Traversal) *hcl.Diagnostic {
	name := t.RootName()
	return fault(t.SourceRange(), "Variable of the shell",
		"runpipe fills in ${…} before the shell sees the script, and knows no %q. For the shell's own variable write $%s or $${%s}.", name, name, name)
}
