package stages

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// folder opens files by their paths.
type folder map[string]string

func (f folder) open(path string) ([]byte, error) {
	content, ok := f[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return []byte(content), nil
}

func TestWhatACheckoutIsBuiltWith(t *testing.T) {
	for name, tt := range map[string]struct {
		files folder
		want  string // requirements, or the fault
	}{
		"as it says":                     {folder{"pyproject.toml": "[build-system]\nrequires = [\n  \"hatchling >= 1\", # a comment\n  'hatch-vcs',\n]\n"}, "hatchling >= 1\nhatch-vcs\n"},
		"setuptools":                     {folder{"pyproject.toml": "[build-system]\nrequires = [\"setuptools>=61\"]\n"}, "setuptools>=61\nwheel\n"},
		"setuptools and wheel":           {folder{"pyproject.toml": "[build-system]\nrequires = [\"Wheel\", \"setuptools\"]\n"}, "Wheel\nsetuptools\n"},
		"a project that does not say it": {folder{"pyproject.toml": "[project]\nname = \"x\"\n"}, "setuptools>=40.8.0\nwheel\n"},
		"a setup.py":                     {folder{"setup.py": ""}, "setuptools>=40.8.0\nwheel\n"},
		"a setup.cfg beside tools":       {folder{"setup.cfg": "", "pyproject.toml": "[tool.ruff]\nline-length = 100\n"}, "setuptools>=40.8.0\nwheel\n"},
		"no package":                     {folder{"train.py": ""}, "cannot be installed"},
		"tools alone":                    {folder{"pyproject.toml": "[tool.ruff]\nline-length = 100\n"}, "cannot be installed"},
		"no backend":                     {folder{"pyproject.toml": "[build-system]\nrequires = []\n"}, "requires nothing"},
		"a repository":                   {folder{"pyproject.toml": "[build-system]\nrequires = [\"x @ git+https://example.org/x.git\"]\n"}, "no installer can check the hash"},
		"an option":                      {folder{"pyproject.toml": "[build-system]\nrequires = [\"--pre\"]\n"}, "is no requirement"},
		"two lines in one":               {folder{"pyproject.toml": "[build-system]\nrequires = [\"x\\n--index-url http://evil.example\"]\n"}, "is no requirement"},
		"no TOML":                        {folder{"pyproject.toml": "[build-system]\nrequires = setuptools\n"}, "pyproject.toml:2: "},
		"another type":                   {folder{"pyproject.toml": "[build-system]\nrequires = 7\n"}, "pyproject.toml: "},
	} {
		r, err := ReadPinned(tt.files.open, BuildFile)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = string(r.Files[wheelsFile])
		}
		if !strings.Contains(got, tt.want) || err == nil && got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// What else stands in pyproject.toml does not lock anything anew.
func TestOnlyTheListOfWhatBuildsCounts(t *testing.T) {
	digest := func(text string) string {
		r, err := ReadPinned(folder{"pyproject.toml": text}.open, BuildFile)
		if err != nil {
			t.Fatal(err)
		}
		return r.Digest
	}
	one := digest("[build-system]\nrequires = [\"hatchling\"]\n[project]\nversion = \"1\"\n")
	if two := digest("[project]\nversion = \"2\"\n[build-system]\nrequires = ['hatchling'] # since 2020\n"); one != two {
		t.Error("another version of the project has another digest")
	}
	if other := digest("[build-system]\nrequires = [\"hatchling>=1\"]\n"); one == other {
		t.Error("another list has the same digest")
	}
}

func TestAProjectCountsWithBothFiles(t *testing.T) {
	files := folder{"a/pyproject.toml": "[project]\nname = \"x\"\n", "a/uv.lock": "version = 1\n"}
	read := func() *Requirements {
		r, err := ReadPinned(files.open, "a/uv.lock")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	one := read().Digest
	for _, name := range []string{"a/pyproject.toml", "a/uv.lock"} {
		files[name] += "# changed\n"
		two := read().Digest
		if one == two {
			t.Errorf("another %s has the same digest", name)
		}
		one = two
	}
	if diff := cmp.Diff([]string{"a/uv.lock", "a/pyproject.toml"}, PinnedFiles("a/uv.lock")); diff != "" {
		t.Error(diff)
	}
}

func TestTheIndexesOfAProject(t *testing.T) {
	const head = "version = 1\n"
	from := func(registry string) string {
		return "[[package]]\nname = \"x\"\nsource = { registry = \"" + registry + "\" }\n"
	}
	const torch, mirror = "https://download.pytorch.org/whl/cu124", "https://mirror.example/simple"
	for _, tt := range []struct {
		lock string
		want []string
	}{
		{head, nil},
		{head + from(publicIndex), nil},
		{head + from(publicIndex) + from(torch), []string{"--extra-index-url " + torch}},
		{head + from(mirror) + from(torch) + from(torch), []string{"--index-url " + torch, "--extra-index-url " + mirror}},
	} {
		r, err := ReadPinned(folder{"pyproject.toml": "", "uv.lock": tt.lock}.open, "uv.lock")
		if err != nil {
			t.Fatal(err)
		}
		v := &Venv{Requirements: r}
		got, _ := v.indexLines()
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.lock, diff)
		}
		v.Index = mirror
		if got, _ := v.indexLines(); len(got) > 0 {
			t.Errorf("beside an index of the block: %v", got)
		}
	}
	for _, registry := range []string{"../wheels", "https://x.example/simple --pre", "https://me:secret@x.example/simple", "file:///opt"} {
		if _, err := ReadPinned(folder{"pyproject.toml": "", "uv.lock": head + from(registry)}.open, "uv.lock"); err == nil {
			t.Errorf("%s is taken for an index", registry)
		}
	}
}
