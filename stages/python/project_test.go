package python

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/stages/python/pythontest"
)

const pyproject = `[project]
name = "code"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["a>=1", "old; python_version < '3'"]
[project.optional-dependencies]
gpu = ["b"]
[dependency-groups]
dev = ["c"]
train = ["d"]
`

// project is a uv project that was locked from an index, and the request for it.
// Everything in the index is of version 1.0.
func project(t *testing.T, text string) (Request, *pythontest.Index) {
	t.Helper()
	t.Setenv("PATH", pythontest.UV(t)+":"+os.Getenv("PATH"))
	t.Setenv("UV_CACHE_DIR", t.TempDir())
	index := pythontest.NewIndex(t)
	for _, name := range []string{"a", "b", "c", "d", "old"} {
		index.Add(name, pythontest.Wheel(name, "1.0"))
	}
	r := Request{Platform: Platform(), Environ: os.Environ(), File: "sub/uv.lock", Files: map[string][]byte{
		"sub/pyproject.toml": []byte(text), "sub/uv.lock": lockedProject(t, index, text),
	}}
	r.Project = &Project{Registries: []string{index.Plain()}, Lines: []string{"--index-url " + index.Plain()}}
	return r, index
}

// lockedProject is what `uv lock` makes of a pyproject.toml.
func lockedProject(t *testing.T, index *pythontest.Index, text string) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pyproject.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("uv", "lock", "--quiet")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "UV_DEFAULT_INDEX="+index.Plain())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("uv lock: %v\n%s", err, out)
	}
	lock, err := os.ReadFile(filepath.Join(dir, "uv.lock"))
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestAProjectIsWhatItsLockSays(t *testing.T) {
	r, index := project(t, pyproject)
	index.Add("a", pythontest.Wheel("a", "2.0")) // since it was locked
	for _, tt := range []struct {
		extras, groups, want []string
	}{
		{nil, nil, []string{"a"}},
		{[]string{"gpu"}, nil, []string{"a", "b"}},
		{[]string{"gpu"}, []string{"train"}, []string{"a", "b", "d"}},
		{nil, []string{"dev"}, []string{"a", "c"}},
	} {
		r.Project.Extras, r.Project.Groups = tt.extras, tt.groups
		lock := resolve(t, r)
		var got []string
		for _, p := range lock.Packages {
			got = append(got, p.Name)
			if want := (pythontest.Wheel(p.Name, "1.0")); p.Version != "1.0" || p.Files[want.Name] != "sha256:"+want.SHA256() {
				t.Errorf("%s is locked as %+v", p.Name, p)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("with %v and %v (-want +got):\n%s", tt.extras, tt.groups, diff)
		}
	}
}

func TestAProjectIsNotLockedOtherwise(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*testing.T, *Request, *pythontest.Index)
		want   string
	}{
		"a stale lock": {func(_ *testing.T, r *Request, _ *pythontest.Index) {
			r.Files["sub/pyproject.toml"] = []byte(strings.Replace(pyproject, "a>=1", "a", 1))
		}, "sub/uv.lock is not what its pyproject.toml asks for any more: run uv lock"},
		"another file of that version": {func(_ *testing.T, _ *Request, index *pythontest.Index) {
			index.Add("a", pythontest.Wheel("a", "1.0", "b"))
		}, "the index has other files of a 1.0"},
		"an unknown extra": {func(_ *testing.T, r *Request, _ *pythontest.Index) {
			r.Project.Extras = []string{"cpu"}
		}, "cpu"},
		"another Python than the project's": {func(_ *testing.T, r *Request, _ *pythontest.Index) {
			for name, content := range r.Files {
				r.Files[name] = []byte(strings.Replace(string(content), ">=3.9", ">=3.99", 1))
			}
		}, ">=3.99"},
		"no uv": {func(t *testing.T, _ *Request, _ *pythontest.Index) {
			t.Setenv("PATH", without(os.Getenv("PATH"), "uv"))
		}, "pip install uv"},
	} {
		t.Run(name, func(t *testing.T) {
			r, index := project(t, pyproject)
			tt.change(t, &r, index)
			lock, err := Resolve(t.Context(), r)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %+v, %v; want %q", lock, err, tt.want)
			}
		})
	}
}

func TestWhatAProjectMayNotExport(t *testing.T) {
	for line, want := range map[string]string{
		"tool @ git+https://example.org/tool.git@1f2e3d4": "tool comes from a repository or a folder",
		"./packages/tool":      "./packages/tool comes from a repository or a folder",
		"-e ./packages/tool":   "comes from a repository or a folder",
		"tool @ file:///opt/x": "tool comes from a repository or a folder",
		"tool==1.0":            "no sha256 of tool",
	} {
		s := &resolution{}
		if err := s.readExport("# a comment\n\n" + line + "\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
	s := &resolution{}
	sum := "sha256:" + strings.Repeat("0f", 32)
	text := "My_Tool==1.0 ; python_full_version >= '3.10' \\\n    --hash=" + sum + " \\\n    --hash=" + sum + "\n"
	if err := s.readExport(text); err != nil || !cmp.Equal(s.hashes, map[string][]string{"my-tool": {sum, sum}}) {
		t.Errorf("%v, %v", s.hashes, err)
	}
}
