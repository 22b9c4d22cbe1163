package python

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// builder is what most packages are built with. A package that needs something
// else finds it among the packages that its environment asks for: it is built
// without isolation, since what pip would fetch for an isolated build is locked
// nowhere.
var builder = []string{"setuptools", "wheel"}

// buildFile asks for the builder.
const buildFile = ".build.txt"

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
