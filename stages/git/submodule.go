package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// deepest is how far submodules may hold submodules.
const deepest = 16

// module is a submodule of one commit.
type module struct {
	path   string // in the repository
	commit string
	name   string // in .gitmodules
	url    string // likewise, as written
}

// fetchSubmodules brings the submodules of a commit that is in its bare repository,
// and theirs, and notes which repository each one is in.
func fetchSubmodules(ctx context.Context, repos string, r Remote, commit string, o FetchOptions, depth int) error {
	paths, err := cleanPaths(o.Paths)
	if err != nil {
		return err
	}
	modules, err := modulesOf(r.Bare(repos), commit, paths)
	if err != nil || len(modules) == 0 {
		return err
	}
	if depth == deepest {
		return fault(ErrSubmodule, "Submodules too deep", fmt.Sprintf("%s holds submodules in submodules, %d deep.", r, deepest))
	}
	parent, err := upstream(r)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, m := range modules {
		sub, err := m.remote(r, parent)
		if err != nil {
			return m.unreachable(r, err)
		}
		if err := fetchModule(ctx, repos, r, sub, m, o.Progress); err != nil {
			return m.unreachable(r, err)
		}
		inside := FetchOptions{Paths: pathsInside(paths, m.path), Progress: o.Progress}
		if err := fetchSubmodules(ctx, repos, sub, m.commit, inside, depth+1); err != nil {
			return m.unreachable(r, err)
		}
		names[m.path] = filepath.Base(sub.Bare(repos))
	}
	return noteModules(r.Bare(repos), commit, names)
}

// unreachable names the submodule that an error is about.
func (m module) unreachable(r Remote, err error) error {
	var known *Fault
	if !errors.As(err, &known) {
		return fmt.Errorf("submodule %s of %s: %w", m.path, r, err)
	}
	detail := fmt.Sprintf("The submodule %s of %s, pinned to %s: %s", m.path, r, m.commit, known.Detail)
	if known.Kind == ErrSubmodule {
		detail = known.Detail
	}
	return &Fault{Summary: "Submodule not available", Detail: detail, Kind: errors.Join(ErrSubmodule, known.Kind)}
}

// modulesOf lists the submodules of a commit that are under the paths, or hold one.
func modulesOf(bare, commit string, paths []string) ([]module, error) {
	s, err := openSnapshot(bare, commit)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var found []module
	var walk func(at position, outer string) error
	walk = func(at position, outer string) error {
		list, err := s.entries(at, outer)
		if err != nil {
			return err
		}
		for _, e := range list {
			if !concerns(e.path, paths) {
				continue
			}
			switch e.mode {
			case filemode.Submodule:
				found = append(found, module{path: e.path, commit: e.id.String()})
			case filemode.Dir:
				if err := walk(position{bare: at.bare, commit: at.commit, tree: e.id}, e.path); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := walk(s.top, ""); err != nil || len(found) == 0 {
		return nil, err
	}
	return s.describe(found)
}

// concerns reports whether p is one of the paths, inside one, or on the way to one.
func concerns(p string, paths []string) bool {
	return len(paths) == 0 || slices.Contains(paths, p) || within(p, paths) ||
		slices.ContainsFunc(paths, func(wanted string) bool { return strings.HasPrefix(wanted, p+"/") })
}

// pathsInside are the paths within a submodule; none: all of it.
func pathsInside(paths []string, sub string) []string {
	var inside []string
	for _, p := range paths {
		if rest, ok := strings.CutPrefix(p, sub+"/"); ok {
			inside = append(inside, rest)
		}
	}
	return inside
}

// describe reads names and addresses of submodules from .gitmodules.
func (s *snapshot) describe(modules []module) ([]module, error) {
	known := config.NewModules()
	if e, _, err := s.find(".gitmodules"); err == nil && !holdsMore(e.mode) {
		objects, err := s.store(e.bare)
		if err != nil {
			return nil, err
		}
		data, err := objects.blob(e.id)
		if err != nil {
			return nil, err
		}
		if err := known.Unmarshal(data); err != nil {
			return nil, fault(ErrSubmodule, "Unreadable .gitmodules", fmt.Sprintf(".gitmodules of commit %s is not valid: %v.", s.top.commit, err))
		}
	}
	for i, m := range modules {
		for _, section := range known.Submodules {
			if path.Clean(section.Path) == m.path {
				modules[i].name, modules[i].url = section.Name, section.URL
			}
		}
		if modules[i].url == "" {
			return nil, fault(ErrSubmodule, "Submodule without an address", fmt.Sprintf(
				"Commit %s holds a submodule at %s, and .gitmodules does not say where it comes from. If it was added by mistake: git rm --cached %s. Where the repository is not yours, set paths to the folders you need.", s.top.commit, m.path, m.path))
		}
	}
	return modules, nil
}

// fetchModule brings a submodule's commit: from where git submodule keeps it beside
// a repository on this machine, if it is there, else from its own address.
func fetchModule(ctx context.Context, repos string, r, sub Remote, m module, tell Progress) error {
	if r.Local() && !Has(sub.Bare(repos), m.commit) && filepath.IsLocal(m.name) {
		dir, err := gitDir(r)
		if err != nil {
			return err
		}
		beside := filepath.Join(commonDir(dir), "modules", filepath.FromSlash(m.name))
		if isGitDir(beside) {
			if err := fetchFrom(ctx, repos, sub, beside, m.commit, tell); err == nil || ctx.Err() != nil {
				return err
			}
		}
	}
	return fetchOne(ctx, repos, sub, m.commit, tell)
}

// fetchFrom fills r's bare repository from another git directory on this machine.
func fetchFrom(ctx context.Context, repos string, r Remote, from, commit string, tell Progress) error {
	dir, err := private(repos, r)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := copyCommit(ctx, from, dir, commit, tell); err != nil {
		return explain(ctx, r, err)
	}
	return publish(dir, r.Bare(repos), commit)
}
