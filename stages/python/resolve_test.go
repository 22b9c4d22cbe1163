package python

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runpipe/runpipe/stages/python/pythontest"
)

// byBoth runs the test with pip, and with uv on PATH.
func byBoth(t *testing.T, test func(t *testing.T)) {
	t.Run("pip", func(t *testing.T) {
		t.Setenv("PATH", without(os.Getenv("PATH"), "uv"))
		test(t)
	})
	t.Run("uv", func(t *testing.T) {
		t.Setenv("PATH", pythontest.UV(t)+":"+os.Getenv("PATH"))
		test(t)
	})
}

// without is a PATH without the folders that hold a program.
func without(path, program string) string {
	var kept []string
	for dir := range strings.SplitSeq(path, ":") {
		if _, err := os.Stat(dir + "/" + program); err != nil {
			kept = append(kept, dir)
		}
	}
	return strings.Join(kept, ":")
}

// asking is a request for packages of an index.
func asking(t *testing.T, index string, packages ...string) Request {
	t.Setenv("UV_CACHE_DIR", t.TempDir())
	t.Setenv("PIP_CACHE_DIR", t.TempDir())
	return Request{
		Platform: Platform(), Index: index, Environ: os.Environ(),
		Files: map[string][]byte{"requirements.txt": []byte(strings.Join(packages, "\n") + "\n")}, File: "requirements.txt",
	}
}

func resolve(t *testing.T, r Request) *Lock {
	t.Helper()
	lock, err := Resolve(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestResolve(t *testing.T) {
	byBoth(t, func(t *testing.T) {
		index := pythontest.NewIndex(t)
		model, old := pythontest.Wheel("my_model", "1.2", "Tokens.Fast >= 2; python_version >= '3'", "absent; python_version < '3'"), pythontest.Wheel("my_model", "1.1")
		tokens := pythontest.Wheel("tokens_fast", "2.5+cu124")
		index.Add("my-model", model)
		index.Add("my-model", old)
		index.Add("tokens-fast", tokens)
		lock := resolve(t, asking(t, index.Address(), "My_Model>=1"))
		here, err := Find(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		want := &Lock{Python: Minor(here.Version), Platform: Platform(), Packages: []Package{
			{Name: "my-model", Version: "1.2", Files: map[string]string{model.Name: "sha256:" + model.SHA256()}},
			{Name: "tokens-fast", Version: "2.5+cu124", Files: map[string]string{tokens.Name: "sha256:" + tokens.SHA256()}},
		}}
		if diff := cmp.Diff(want, lock); diff != "" {
			t.Errorf("lock (-want +got):\n%s", diff)
		}
	})
}

func TestResolveKeepsToIncludedFiles(t *testing.T) {
	byBoth(t, func(t *testing.T) {
		index := pythontest.NewIndex(t)
		for _, version := range []string{"1.0", "1.1", "2.0"} {
			index.Add("a", pythontest.Wheel("a", version))
		}
		r := asking(t, index.Address())
		r.File = "env/requirements.txt"
		r.Files = map[string][]byte{"env/requirements.txt": []byte("-c ../limits.txt\n-r more.txt\n"), "env/more.txt": []byte("a\n"), "limits.txt": []byte("a<2\n")}
		if got := resolve(t, r).Versions()["a"]; got != "1.1" {
			t.Errorf("version %s, want 1.1", got)
		}
	})
}

func TestResolveTakesTheVersionsOfABase(t *testing.T) {
	byBoth(t, func(t *testing.T) {
		index := pythontest.NewIndex(t)
		for _, version := range []string{"1.0", "2.0"} {
			index.Add("a", pythontest.Wheel("a", version))
			index.Add("setuptools", pythontest.Wheel("setuptools", version))
		}
		base := &Lock{Packages: []Package{{Name: "a", Version: "1.0"}, {Name: "setuptools", Version: "1.0"}, {Name: "unused", Version: "7"}}}
		for _, tt := range []struct{ asked, want string }{{"a", "1.0"}, {"a>=2", "2.0"}} {
			r := asking(t, index.Address(), tt.asked, "setuptools>=2")
			r.Base = base
			got := resolve(t, r).Versions()
			if got["a"] != tt.want || got["setuptools"] != "2.0" || len(got) != 2 {
				t.Errorf("%s: %v, want a %s", tt.asked, got, tt.want)
			}
		}
		rest := (&Lock{Python: "3.11", Packages: []Package{{Name: "a", Version: "1.0"}, {Name: "setuptools", Version: "2.0"}}}).Without(base)
		if got := rest.Versions(); len(got) != 1 || got["setuptools"] != "2.0" || rest.Python != "3.11" {
			t.Errorf("without the base: %+v", rest)
		}
	})
}

func TestResolveRefusals(t *testing.T) {
	byBoth(t, func(t *testing.T) {
		index := pythontest.NewIndex(t)
		index.User, index.Password = "ada", "s3cr3t/"
		t.Run("no such version", func(t *testing.T) {
			index.Add("a", pythontest.Wheel("a", "1.0"))
			_, err := Resolve(t.Context(), asking(t, index.Address(), "a==7"))
			var said *ResolverError
			if !errors.As(err, &said) || !strings.Contains(err.Error(), "a==7") {
				t.Errorf("error %v", err)
			}
		})
		t.Run("no access", func(t *testing.T) {
			address := strings.Replace(index.Plain(), "://", "://ada:wr0ng@", 1)
			_, err := Resolve(t.Context(), asking(t, address, "a"))
			if err == nil || strings.Contains(err.Error(), "wr0ng") {
				t.Errorf("error %v", err)
			}
		})
		t.Run("cancelled", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := Resolve(ctx, asking(t, index.Address(), "a")); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		})
	})
}
