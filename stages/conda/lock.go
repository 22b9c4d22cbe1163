package conda

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/runpipe/runpipe/stages/python"
)

// Pin locks a list for a platform, in the terms of python.Platform. Files whose
// sha256 the list does not give are downloaded once, into the cache, and must have
// the md5 that it gives.
func (c *Cache) Pin(ctx context.Context, l *List, platform string) (*python.Lock, error) {
	if err := l.CheckPlatform(platform); err != nil {
		return nil, err
	}
	pinned := &List{Packages: make([]Package, len(l.Packages))}
	err := c.each(ctx, l.Packages, func(ctx context.Context, i int, p Package) error {
		if p.SHA256 == "" {
			sum, err := c.learn(ctx, p)
			if err != nil {
				return err
			}
			p.SHA256 = sum
		}
		pinned.Packages[i] = p
		return nil
	})
	if err != nil {
		return nil, err
	}
	return pinned.lock(platform), nil
}

// lock is the list as the lock file has it. Every package has its sha256.
func (l *List) lock(platform string) *python.Lock {
	lock := &python.Lock{Manager: python.Conda, Python: python.Minor(l.Python()), Platform: platform}
	for _, p := range l.Packages {
		lock.Packages = append(lock.Packages, python.Package{
			Name: p.Name, Version: p.Version, Build: p.Build, URL: p.URL, Files: map[string]string{p.File: "sha256:" + p.SHA256},
		})
	}
	return lock
}

// Locked is the list of what is locked.
func Locked(lock *python.Lock) *List {
	l := &List{}
	for _, p := range lock.Packages {
		one := Package{Name: p.Name, Version: p.Version, Build: p.Build, URL: p.URL, Subdir: path.Base(path.Dir(p.URL))}
		for file, digest := range p.Files { // one: see lock
			one.File, one.SHA256 = file, strings.TrimPrefix(digest, "sha256:")
		}
		l.Packages = append(l.Packages, one)
	}
	return l
}

// CheckLocked finds in a package of a lock file what runpipe would not have
// written: it all comes from the address. The error goes on after the name.
func CheckLocked(p python.Package) error {
	one, err := parseLine(p.URL)
	if err != nil {
		return err
	}
	if _, ok := p.Files[one.File]; !ok || one.URL != p.URL || len(p.Files) != 1 || one.Name != p.Name || one.Version != p.Version || one.Build != p.Build {
		return fmt.Errorf("%s is not what name, version, build and files say", one.File)
	}
	return nil
}

// Text is the list as a job is given it: addresses, each with the sha256 of its
// file.
func (l *List) Text() []byte {
	var b strings.Builder
	b.WriteString("# The conda packages that are locked, with their sha256.\n" + marker + "\n")
	for _, p := range l.Packages {
		fmt.Fprintf(&b, "%s#%s\n", p.URL, p.SHA256)
	}
	return []byte(b.String())
}
