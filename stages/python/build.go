package python

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// builder is what most packages are built with. A package that needs something
// else finds it among the packages that its environment asks for: it is built
// without isolation, since what pip would fetch for an isolated build is locked
// nowhere.
var builder = []string{"setuptools", "wheel"}

// buildFile asks for the builder.
const buildFile = ".build.txt"

// baseFile holds the versions of a base.
const baseFile = ".base.txt"

// constraints are the versions of the packages, but those of the builder: which of
// these something is built with does not have to fit anything.
func (l *Lock) constraints() []byte {
	var b strings.Builder
	for _, p := range l.Packages {
		switch {
		case slices.Contains(builder, p.Name):
		case p.URL != "":
			b.WriteString(p.Name + " @ " + p.URL + "\n")
		default:
			b.WriteString(p.Name + "==" + p.Version + "\n")
		}
	}
	return []byte(b.String())
}

// Without is the lock without the packages that base has in the same version.
func (l *Lock) Without(base *Lock) *Lock {
	rest := *l
	have := base.Versions()
	rest.Packages = slices.DeleteFunc(slices.Clone(l.Packages), func(p Package) bool {
		version, there := have[p.Name]
		return there && version == p.Version
	})
	return &rest
}

// lacksBuilder reports whether there is something to build and nothing to build
// it with.
func (l *Lock) lacksBuilder() bool {
	return slices.ContainsFunc(l.Packages, Package.FromSource) &&
		!slices.ContainsFunc(l.Packages, func(p Package) bool { return p.Name == builder[0] })
}

// withBuilder resolves again, for the builder too.
func (s *resolution) withBuilder(ctx context.Context) (*Lock, error) {
	if err := os.WriteFile(filepath.Join(s.dir, buildFile), []byte(builder[0]+"\n"+builder[1]+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("laying out the requirements: %w", err)
	}
	s.files = append(s.files, buildFile)
	lock, err := s.resolve(ctx)
	var failed *ResolverError
	if errors.As(err, &failed) {
		failed.Text = "some packages have no wheels, only their source; it is built in the environment, and setuptools and wheel, which that needs, cannot be locked:\n" + failed.Text
	}
	return lock, err
}
