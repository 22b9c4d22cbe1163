package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/conda"
	"github.com/runpipe/runpipe/stages/python"
)

// CondaOptions is what the script of an environment of conda's asks for.
type CondaOptions struct {
	List    string // file with the locked packages
	Cache   string // folder of fetched packages
	Fetch   bool   // download what is not there
	Environ []string
	Out     io.Writer

	Prefix string // of the environment that was made
	Told   string // file with what its python says of itself; need not exist
	Python string // wanted version, a prefix such as "3.10"; "" is any
}

func (o CondaOptions) list() (*conda.List, error) {
	data, err := os.ReadFile(o.List)
	if err != nil {
		return nil, fmt.Errorf("reading the locked packages: %w", err)
	}
	l, err := conda.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading the locked packages: %s: %w", o.List, err)
	}
	return l, nil
}

// CondaPackages lays the locked packages into the folder dest, from where a client
// installs them, and makes sure that they are what was locked.
func CondaPackages(ctx context.Context, o CondaOptions, dest string) error {
	l, err := o.list()
	if err != nil {
		return err
	}
	cache := conda.Cache{Folder: o.Cache, Environ: o.Environ, Fetched: func(file string) { fmt.Fprintln(o.Out, "fetched "+file) }}
	if o.Fetch {
		if err := cache.Fetch(ctx, l); err != nil {
			return err
		}
	}
	bytes, err := cache.LayOut(l, dest)
	var damaged *conda.DamagedError
	if errors.As(err, &damaged) {
		return drift("%w", damaged)
	}
	if err == nil {
		fmt.Fprintf(o.Out, "%d conda packages, %d bytes, have the sha256 that is locked\n", len(l.Packages), bytes)
	}
	return err
}

// CondaInstalled compares what a client has made of the locked packages with what
// was wanted, and leaves it in the environment for the record.
func CondaInstalled(o CondaOptions) error {
	l, err := o.list()
	if err != nil {
		return err
	}
	if err := l.CheckInstalled(o.Prefix); err != nil {
		return err
	}
	var installed record.Installed
	if data, err := os.ReadFile(o.Told); err == nil {
		if err := json.Unmarshal(data, &installed); err != nil {
			return fmt.Errorf("what the environment's python says of itself cannot be read: %w", err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if have := installed.Interpreter.Version; o.Python != "" && !(have != "" && python.Matches(o.Python, have)) {
		return fmt.Errorf("python %s is wanted, and the environment has %s", o.Python, orNone(have))
	}
	installed.Packages = nil
	for _, p := range l.Packages {
		installed.Packages = append(installed.Packages, record.Package{Name: p.Name, Version: p.Version, Build: p.Build, SHA256: p.SHA256})
	}
	sortPackages(installed.Packages)
	data, err := json.MarshalIndent(installed, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.Prefix, stages.InstalledFile), append(data, '\n'), 0o644)
}

func orNone(version string) string {
	if version == "" {
		return "none"
	}
	return version
}

func sortPackages(all []record.Package) {
	slices.SortFunc(all, func(a, b record.Package) int { return strings.Compare(a.Name, b.Name) })
}
