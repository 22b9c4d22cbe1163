package functions

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

var (
	startsWith     = ofTwoTexts("prefix", strings.HasPrefix)
	endsWith       = ofTwoTexts("suffix", strings.HasSuffix)
	stringContains = ofTwoTexts("substr", strings.Contains)
)

var (
	base64Encode = ofText("str", func(s string) (string, error) {
		return base64.StdEncoding.EncodeToString([]byte(s)), nil
	})
	base64Decode = ofText("str", decodeBase64)
	sha256Text   = ofText("str", func(s string) (string, error) {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:]), nil
	})
	baseName = ofText("path", func(s string) (string, error) { return filepath.Base(s), nil })
	dirName  = ofText("path", func(s string) (string, error) { return filepath.Dir(s), nil })
)

// ofText is a function from a string to a string.
func ofText(parameter string, do func(string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params:       []function.Parameter{{Name: parameter, Type: cty.String}},
		Type:         function.StaticReturnType(cty.String),
		RefineResult: notNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := do(args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return cty.StringVal(s), nil
		},
	})
}

// ofTwoTexts is a function that says something about a string and another.
func ofTwoTexts(parameter string, holds func(s, other string) bool) function.Function {
	return function.New(&function.Spec{
		Params:       []function.Parameter{{Name: "str", Type: cty.String}, {Name: parameter, Type: cty.String}},
		Type:         function.StaticReturnType(cty.Bool),
		RefineResult: notNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(holds(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

func notNull(b *cty.RefinementBuilder) *cty.RefinementBuilder { return b.NotNull() }

func decodeBase64(s string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", errors.New("this is not Base64")
	}
	if !utf8.Valid(data) {
		return "", errors.New("what this Base64 stands for is not text in UTF-8")
	}
	return string(data), nil
}

// replace takes its second argument for a regular expression if it stands
// between slashes, as Terraform does.
var replace = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "str", Type: cty.String},
		{Name: "substr", Type: cty.String},
		{Name: "replace", Type: cty.String},
	},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		s, old, new := args[0].AsString(), args[1].AsString(), args[2].AsString()
		if len(old) < 2 || old[0] != '/' || old[len(old)-1] != '/' {
			return cty.StringVal(strings.ReplaceAll(s, old, new)), nil
		}
		re, err := regexp.Compile(old[1 : len(old)-1])
		if err != nil {
			return cty.NilVal, function.NewArgError(1, err)
		}
		return cty.StringVal(re.ReplaceAllString(s, new)), nil
	},
})

// maxIndent keeps a slip of the finger from filling the memory.
const maxIndent = 1000

// indent refuses what makes the standard library's panic.
var indent = function.New(&function.Spec{
	Params:       []function.Parameter{{Name: "spaces", Type: cty.Number}, {Name: "str", Type: cty.String}},
	Type:         function.StaticReturnType(cty.String),
	RefineResult: notNull,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if args[0].LessThan(cty.Zero).True() || args[0].GreaterThan(cty.NumberIntVal(maxIndent)).True() {
			return cty.NilVal, function.NewArgErrorf(0, "the number of spaces must be from 0 to %d", maxIndent)
		}
		return stdlib.Indent(args[0], args[1])
	},
})
