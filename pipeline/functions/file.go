package functions

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/runpipe/runpipe/pipeline/workspace"
)

// folder is where relative paths start; "" is a place without files.
type folder string

func (dir folder) file() function.Function {
	return ofPath(cty.String, func(path string) (cty.Value, error) {
		text, err := dir.read(path)
		return cty.StringVal(text), err
	})
}

func (dir folder) fileExists() function.Function {
	return ofPath(cty.Bool, func(path string) (cty.Value, error) {
		_, err := dir.find(path)
		if errors.Is(err, fs.ErrNotExist) {
			return cty.False, nil
		}
		return cty.True, err
	})
}

func (dir folder) fileSHA256() function.Function {
	return ofPath(cty.String, func(path string) (cty.Value, error) {
		found, err := dir.find(path)
		if err != nil {
			return cty.NilVal, err
		}
		f, err := os.Open(found)
		if err != nil {
			return cty.NilVal, err
		}
		defer f.Close()
		digest := sha256.New()
		if _, err := io.Copy(digest, f); err != nil {
			return cty.NilVal, err
		}
		return cty.StringVal(hex.EncodeToString(digest.Sum(nil))), nil
	})
}

// pathParameter lets marks through, so that they can be refused.
var pathParameter = function.Parameter{
	Name: "path", Type: cty.String, AllowMarked: true, AllowUnknown: true, AllowDynamicType: true,
}

// ofPath is a function of one path beside the pipeline.
func ofPath(result cty.Type, do func(path string) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Params:       []function.Parameter{pathParameter},
		Type:         beside(result),
		RefineResult: notNull,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if !args[0].IsKnown() {
				return cty.UnknownVal(result), nil
			}
			v, err := do(args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return v, nil
		},
	})
}

// errNotYet is said of what other stages make.
var errNotYet = errors.New("this path is made by another stage and is not there before the run: only files beside the pipeline can be read; " +
	"let the stage's command read it")

// beside refuses a path that carries marks: those come with references to other
// stages, and with sensitive values, which name no file either.
func beside(result cty.Type) function.TypeFunc {
	return func(args []cty.Value) (cty.Type, error) {
		if args[0].IsMarked() {
			return cty.NilType, function.NewArgError(0, errNotYet)
		}
		return result, nil
	}
}

// find is the absolute path of an existing regular file. Its error wraps
// fs.ErrNotExist where there is none.
func (dir folder) find(path string) (string, error) {
	if dir == "" {
		return "", errors.New("no file can be read here, since a check is judged inside the job: read it into a local, and use that")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(string(dir), path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if slices.Contains(strings.Split(path, string(filepath.Separator)), workspace.Name) {
		return "", errNotYet
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	case err != nil:
		return "", err
	case info.IsDir():
		return "", fmt.Errorf("%s is a folder, not a file", path)
	case !info.Mode().IsRegular(): // a pipe or a device could go on for ever
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	return path, nil
}

// read is the text of a file.
func (dir folder) read(path string) (string, error) {
	found, err := dir.find(path)
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(found)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(data) {
		return "", fmt.Errorf("%s is not text in UTF-8", found)
	}
	return string(data), nil
}
