package python

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// byPip resolves with pip's installation report.
func (s *resolution) byPip(ctx context.Context) (*Lock, error) {
	if s.Platform != Platform() {
		return nil, fmt.Errorf("packages for %s cannot be resolved by pip on %s, since it takes this machine's markers: install uv, or resolve on a machine of that kind", s.Platform, Platform())
	}
	found, environ, err := s.interpreter(ctx)
	if err != nil {
		return nil, err
	}
	python, err := s.withReport(ctx, found, environ)
	if err != nil {
		return nil, err
	}
	report := filepath.Join(s.dir, ".report.json")
	args := []string{"-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet", "--dry-run", "--ignore-installed", "--report", report}
	if s.Project != nil {
		args = append(args, "--no-deps")
	}
	args = append(args, s.constraint...)
	for _, file := range s.files {
		args = append(args, "--requirement", file)
	}
	if _, err := s.run(ctx, environ, python, args...); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(report)
	if err != nil {
		return nil, fmt.Errorf("reading pip's report: %w", err)
	}
	packages, err := parseReport(data)
	if err != nil {
		return nil, fmt.Errorf("reading pip's report: %w", err)
	}
	return &Lock{Python: Minor(found.Version), Platform: s.Platform, Packages: packages}, nil
}

// reportSince is pip's major version with a stable report
// (https://pip.pypa.io/en/stable/reference/installation-report/).
const reportSince = 23

// withReport is the interpreter, if its pip can write a report, or else one of a
// throw-away environment with a pip that can: Ubuntu 22.04 has pip 22.0, and
// Debian's python3 has none.
func (s *resolution) withReport(ctx context.Context, found Interpreter, environ []string) (string, error) {
	if s.pipVersion(ctx, found.Path, environ) >= reportSince {
		return found.Path, nil
	}
	venv := filepath.Join(s.dir, ".venv")
	if _, err := s.run(ctx, environ, found.Path, "-I", "-m", "venv", venv); err != nil {
		return "", fmt.Errorf("%s has no pip that can resolve, and no venv module to get one; install uv, or python's venv (python3-venv on Debian): %w", found.Path, err)
	}
	python := filepath.Join(venv, "bin", "python")
	if s.pipVersion(ctx, python, environ) >= reportSince {
		return python, nil
	}
	if _, err := s.run(ctx, environ, python, "-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet", fmt.Sprintf("pip>=%d", reportSince)); err != nil {
		return "", fmt.Errorf("getting a pip that can resolve: %w", err)
	}
	return python, nil
}

// pipVersion is the major version of an interpreter's pip, or 0.
func (s *resolution) pipVersion(ctx context.Context, python string, environ []string) int {
	out, err := s.run(ctx, environ, python, "-I", "-c", "import importlib.metadata as m; print(m.version('pip'))")
	if err != nil {
		return 0
	}
	major, _, _ := strings.Cut(strings.TrimSpace(string(out)), ".")
	n, _ := strconv.Atoi(major) // 0 is too old as well
	return n
}

// report is what matters of pip's installation report.
type report struct {
	Version string `json:"version"`
	Install []struct {
		Direct   bool `json:"is_direct"`
		Download struct {
			URL     string `json:"url"`
			Archive *struct {
				Hash   string            `json:"hash"`
				Hashes map[string]string `json:"hashes"`
			} `json:"archive_info"`
		} `json:"download_info"`
		Metadata struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"metadata"`
	} `json:"install"`
}

// parseReport reads the packages of a report of version 1.
func parseReport(data []byte) ([]Package, error) {
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, err
	}
	if r.Version != "1" {
		return nil, errors.New("it is of version " + strconv.Quote(r.Version) + ", and 1 is known")
	}
	var all []Package
	for _, item := range r.Install {
		p := Package{Name: Normalize(item.Metadata.Name), Version: item.Metadata.Version, Files: map[string]string{}}
		archive := item.Download.Archive
		if archive == nil {
			return nil, &OriginError{p.Name}
		}
		sum := archive.Hashes["sha256"]
		if sum == "" {
			sum, _ = strings.CutPrefix(archive.Hash, "sha256=")
		}
		if sum != "" {
			p.Files[fileName(item.Download.URL)] = "sha256:" + sum
		}
		if item.Direct {
			p.URL = item.Download.URL
		}
		if err := p.settle(); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
