package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxDepth is how deep a metrics file may be nested.
const maxDepth = 100

// Results decodes a metrics file: one JSON object. Its numbers come out as
// json.Number, exactly as they were written, objects as map[string]any.
//
// JSON has no NaN and no Infinity, but Python's json module writes them: they
// are refused with the name of the metric, as are duplicate names and numbers
// beyond a float64.
func Results(data []byte) (any, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // as some editors begin a file
	r := reader{data: data, decoder: json.NewDecoder(bytes.NewReader(data))}
	r.decoder.UseNumber()
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("the file is empty: a JSON object is wanted, such as {\"accuracy\": 0.98}")
	}
	v, err := r.value()
	if err != nil {
		return nil, r.at(err)
	}
	if _, ok := v.(map[string]any); !ok {
		return nil, fmt.Errorf("the file holds %s: a JSON object is wanted, such as {\"accuracy\": 0.98}", kind(v))
	}
	if rest := bytes.TrimSpace(data[r.decoder.InputOffset():]); len(rest) > 0 {
		return nil, r.at(errors.New("something follows the JSON object: the file must hold one object and nothing else"))
	}
	return v, nil
}

// reader decodes token by token, to know where it is and to see duplicates.
type reader struct {
	data    []byte
	decoder *json.Decoder
	path    []string // names of the objects and arrays that are open
}

// at puts the line in front of an error.
func (r *reader) at(err error) error {
	end := min(int(r.decoder.InputOffset()), len(r.data))
	return fmt.Errorf("line %d: %w", 1+bytes.Count(r.data[:end], []byte("\n")), err)
}

func (r *reader) value() (any, error) {
	if len(r.path) > maxDepth {
		return nil, fmt.Errorf("objects and arrays are nested more than %d deep", maxDepth)
	}
	token, err := r.token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Number:
		if f, err := token.Float64(); err != nil || math.IsInf(f, 0) {
			return nil, fmt.Errorf("%s is %s, which is more than a 64-bit float can hold", r.name(), token)
		}
	case json.Delim:
		if token == '{' {
			return r.object()
		}
		return r.array()
	}
	return token, nil
}

func (r *reader) object() (any, error) {
	object := map[string]any{}
	for r.decoder.More() {
		token, err := r.token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, errors.New("a name in quotes is wanted here")
		}
		r.path = append(r.path, name)
		if _, twice := object[name]; twice {
			return nil, fmt.Errorf("%s stands there twice", r.name())
		}
		if object[name], err = r.value(); err != nil {
			return nil, err
		}
		r.path = r.path[:len(r.path)-1]
	}
	_, err := r.token()
	return object, err
}

func (r *reader) array() (any, error) {
	array := []any{}
	for r.decoder.More() {
		r.path = append(r.path, strconv.Itoa(len(array)))
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		array = append(array, v)
		r.path = r.path[:len(r.path)-1]
	}
	_, err := r.token()
	return array, err
}

// notJSON is what Python's json module writes for floats that JSON lacks.
var notJSON = []string{"NaN", "-NaN", "Infinity", "-Infinity"}

// token is the next token. A syntax error is explained by what stands there.
func (r *reader) token() (json.Token, error) {
	start := r.decoder.InputOffset()
	token, err := r.decoder.Token()
	if err == nil {
		return token, nil
	}
	rest := strings.TrimLeft(string(r.data[start:]), " \t\r\n:,")
	for _, word := range notJSON {
		if strings.HasPrefix(rest, word) {
			return nil, fmt.Errorf("%s is %s, which is not a number: the computation went wrong, or the metric was taken of nothing", r.name(), word)
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.New("the file ends in the middle: was it written whole?")
	}
	return nil, fmt.Errorf("this is not JSON: %w", err)
}

// name is the metric being read, as Numbers names it.
func (r *reader) name() string {
	if len(r.path) == 0 {
		return "the file's content"
	}
	return strconv.Quote(strings.Join(r.path, "."))
}

// kind names a decoded value's type for a person.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a bool"
	case string:
		return "a string"
	case []any:
		return "an array"
	case map[string]any:
		return "an object"
	}
	return "a number"
}

// Numbers is the numbers of a metrics file: those at the top under their names,
// those in objects under dotted names such as "test.accuracy". Arrays, strings
// and bools are left out. Where two have the same dotted name, the one nearer
// to the top counts.
func Numbers(results any) map[string]float64 {
	numbers := map[string]float64{}
	object, _ := results.(map[string]any)
	collect(numbers, "", object)
	return numbers
}

func collect(numbers map[string]float64, prefix string, object map[string]any) {
	var nested []string
	for name, v := range object {
		if n, ok := number(v); ok {
			numbers[prefix+name] = n
		} else if _, ok := v.(map[string]any); ok {
			nested = append(nested, name)
		}
	}
	slices.Sort(nested)
	for _, name := range nested {
		inner := map[string]float64{}
		collect(inner, prefix+name+".", object[name].(map[string]any))
		for path, n := range inner {
			if _, taken := numbers[path]; !taken {
				numbers[path] = n
			}
		}
	}
}

// number is a decoded number: json.Number from Results, float64 from a record.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}
