package functions

import (
	"slices"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// row is one function of the table.
type row struct {
	name        string
	description string // one sentence
	function    function.Function
}

// pure has the functions that read nothing but their arguments.
var pure = []row{
	{"abs", "The number without its sign.", stdlib.AbsoluteFunc},
	{"alltrue", "Whether every element of the list is true.", allTrue},
	{"anytrue", "Whether at least one element of the list is true.", anyTrue},
	{"base64decode", "The text that a Base64 string stands for.", base64Decode},
	{"base64encode", "The text in Base64.", base64Encode},
	{"basename", "The last element of a path.", baseName},
	{"ceil", "The smallest whole number that is not below the number.", stdlib.CeilFunc},
	{"chomp", "The text without the line ends at its end.", stdlib.ChompFunc},
	{"chunklist", "The list cut into lists of at most the given length.", stdlib.ChunklistFunc},
	{"coalesce", "The first argument that is neither null nor an empty string.", coalesce},
	{"coalescelist", "The first list that is not empty.", stdlib.CoalesceListFunc},
	{"compact", "The list of strings without its empty and null elements.", stdlib.CompactFunc},
	{"concat", "One list with the elements of all given lists.", stdlib.ConcatFunc},
	{"contains", "Whether the list or set has the value as an element.", stdlib.ContainsFunc},
	{"csvdecode", "A list of objects, one per row of a CSV text whose first row names the columns.", stdlib.CSVDecodeFunc},
	{"dirname", "A path without its last element.", dirName},
	{"distinct", "The list without repeated elements.", stdlib.DistinctFunc},
	{"element", "The element of the list at an index, counting on from the start past its end.", stdlib.ElementFunc},
	{"endswith", "Whether the text ends with the given suffix.", endsWith},
	{"flatten", "The elements of a list and of all lists nested in it, as one list.", stdlib.FlattenFunc},
	{"floor", "The largest whole number that is not above the number.", stdlib.FloorFunc},
	{"format", "A text made from a format such as \"%s-%03d\" and values.", stdlib.FormatFunc},
	{"formatdate", "A timestamp in another format, such as \"YYYY-MM-DD\".", stdlib.FormatDateFunc},
	{"formatlist", "A list of texts made from a format and lists of values.", stdlib.FormatListFunc},
	{"indent", "The text with spaces in front of every line but the first.", indent},
	{"index", "The index of the first element of the list that equals the value.", indexOf},
	{"join", "The strings of a list in one text, with a separator between them.", stdlib.JoinFunc},
	{"jsondecode", "The value that a JSON text stands for.", stdlib.JSONDecodeFunc},
	{"jsonencode", "The value as JSON.", stdlib.JSONEncodeFunc},
	{"keys", "The keys of a map, sorted.", stdlib.KeysFunc},
	{"length", "The number of elements of a collection, or of characters of a string.", length},
	{"log", "The logarithm of a number to a base.", finite(stdlib.LogFunc)},
	{"lookup", "The element of a map with the given key, or the default if there is none.", lookup},
	{"lower", "The text in lower case.", stdlib.LowerFunc},
	{"max", "The greatest of the numbers.", stdlib.MaxFunc},
	{"merge", "One map or object with the elements of all; later ones win.", stdlib.MergeFunc},
	{"min", "The least of the numbers.", stdlib.MinFunc},
	{"one", "The only element of a list, or null if the list is empty.", one},
	{"parseint", "The whole number that a text stands for in a base from 2 to 62.", stdlib.ParseIntFunc},
	{"pow", "A number raised to a power.", finite(stdlib.PowFunc)},
	{"range", "A list of numbers from a start up to, but without, a limit.", stdlib.RangeFunc},
	{"regex", "What a regular expression matches first in the text.", stdlib.RegexFunc},
	{"regexall", "All that a regular expression matches in the text.", stdlib.RegexAllFunc},
	{"replace", "The text with every occurrence of a substring, or of a /regular expression/, replaced.", replace},
	{"reverse", "The list in reverse order.", stdlib.ReverseListFunc},
	{"setintersection", "The elements that all given sets have.", stdlib.SetIntersectionFunc},
	{"setproduct", "All combinations of one element from each given collection.", stdlib.SetProductFunc},
	{"setsubtract", "The elements of the first set that the second lacks.", stdlib.SetSubtractFunc},
	{"setunion", "The elements of all given sets.", stdlib.SetUnionFunc},
	{"sha256", "The SHA-256 digest of the text, in hex.", sha256Text},
	{"signum", "-1, 0 or 1, as the number is negative, zero or positive.", stdlib.SignumFunc},
	{"slice", "The elements of a list from a start index up to, but without, an end index.", stdlib.SliceFunc},
	{"sort", "The list of strings in order.", stdlib.SortFunc},
	{"split", "The parts of a text between separators.", stdlib.SplitFunc},
	{"startswith", "Whether the text begins with the given prefix.", startsWith},
	{"strcontains", "Whether the text contains the given substring.", stringContains},
	{"strrev", "The text with its characters in reverse order.", stdlib.ReverseFunc},
	{"substr", "The part of a text from a character on, of at most the given length.", stdlib.SubstrFunc},
	{"sum", "The sum of a list of numbers.", sum},
	{"timeadd", "A timestamp moved by a duration such as \"10m\".", stdlib.TimeAddFunc},
	{"title", "The text with the first letter of every word in upper case.", stdlib.TitleFunc},
	{"tobool", "The value as a bool.", stdlib.MakeToFunc(cty.Bool)},
	{"tolist", "The value as a list.", stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType))},
	{"tomap", "The value as a map.", stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType))},
	{"tonumber", "The value as a number.", stdlib.MakeToFunc(cty.Number)},
	{"toset", "The value as a set.", stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType))},
	{"tostring", "The value as a string.", stdlib.MakeToFunc(cty.String)},
	{"trim", "The text without the given characters at its start and end.", stdlib.TrimFunc},
	{"trimprefix", "The text without the given prefix.", stdlib.TrimPrefixFunc},
	{"trimspace", "The text without white space at its start and end.", stdlib.TrimSpaceFunc},
	{"trimsuffix", "The text without the given suffix.", stdlib.TrimSuffixFunc},
	{"upper", "The text in upper case.", stdlib.UpperFunc},
	{"values", "The values of a map, in the order of its sorted keys.", stdlib.ValuesFunc},
	{"yamldecode", "The value that a YAML text stands for.", yaml.YAMLDecodeFunc},
	{"yamlencode", "The value as YAML.", yaml.YAMLEncodeFunc},
	{"zipmap", "A map from a list of keys and a list of values.", stdlib.ZipmapFunc},
}

// lazy has the functions that evaluate their arguments themselves.
var lazy = []row{
	{"can", "Whether the expression can be evaluated without an error.", tryfunc.CanFunc},
	{"try", "The first expression that can be evaluated without an error.", tryfunc.TryFunc},
}

// reading has the functions that read files, whose relative paths start at dir.
func reading(dir folder) []row {
	return []row{
		{"file", "The text of a file beside the pipeline.", dir.file()},
		{"fileexists", "Whether there is such a file beside the pipeline.", dir.fileExists()},
		{"filesha256", "The SHA-256 digest of a file beside the pipeline, in hex.", dir.fileSHA256()},
		{"templatefile", "The text of a file with its ${…} filled in from the given variables.", dir.templateFile()},
	}
}

// Table is the functions of the language by name. Relative paths given to the
// functions that read files start at dir; with dir == "" these functions refuse
// to read, as in a check, which is judged where the pipeline's files are not.
func Table(dir string) map[string]function.Function {
	table := map[string]function.Function{}
	for _, r := range slices.Concat(pure, reading(folder(dir))) {
		table[r.name] = careful(r.function, r.description)
	}
	for _, r := range lazy { // they are handed expressions, not values
		table[r.name] = r.function.WithNewDescriptions(r.description, []string{""})
	}
	return table
}

// Names is the names of all functions, sorted.
func Names() []string {
	var names []string
	for _, r := range slices.Concat(pure, lazy, reading("")) {
		names = append(names, r.name)
	}
	slices.Sort(names)
	return names
}
