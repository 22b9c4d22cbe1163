package stages

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/stages/python"
)

func condaStage() *Stage {
	return &Stage{
		Address: Address{Kind: "environment", Name: "tools"}, Modules: []string{"miniforge"},
		Venv: &Venv{Conda: true, Requirements: &Requirements{Path: "conda.lock"}, Lock: &python.Lock{Manager: python.Conda, Platform: python.Platform(), Packages: []python.Package{
			{Name: "a", Version: "1", Build: "0", URL: "https://${LAB_TOKEN}@c.example/noarch/a-1-0.conda", Files: map[string]string{"a-1-0.conda": "sha256:" + strings.Repeat("a", 64)}},
		}}},
	}
}

// The script looks for a client where the modules have put one, micromamba first.
func TestTheClientOfAModule(t *testing.T) {
	dir := t.TempDir()
	submitters := filepath.Join(dir, "submitter's")
	if err := os.WriteFile(submitters, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	w, err := condaWork(condaStage(), Placement{StageDir: dir, Packages: "/packages", Tools: Tools{Conda: submitters}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, condaFile), w.files[condaFile], 0o600); err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(w.script, "# Exactly what is locked")
	if !found {
		t.Fatal("the script has no such part")
	}
	run := func(bin string) (string, error) {
		cmd := exec.Command("bash", "-euo", "pipefail", "-c", "conda() { false; }\n"+head+"echo \"$conda\"")
		cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin"}
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	bin := t.TempDir()
	if out, err := run(bin); err != nil || out != submitters {
		t.Errorf("with the submitter's alone: %v, %s", err, out)
	}
	if err := os.Chmod(submitters, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := run(bin); err == nil || !strings.Contains(out, "neither micromamba nor mamba nor conda") {
		t.Errorf("without a client: %v, %s", err, out)
	}
	for _, name := range []string{"conda", "mamba", "micromamba"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		if out, err := run(bin); err != nil || out != filepath.Join(bin, name) {
			t.Errorf("with %s: %v, %s", name, err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, condaFile), append(w.files[condaFile], '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := run(bin); err == nil {
		t.Errorf("with another list it went on: %s", out)
	}
}

// What reaches a channel travels by name, and only where the job asks one.
func TestCondaVariables(t *testing.T) {
	s := condaStage()
	at := Placement{Network: []string{"HTTPS_PROXY", "PIP_INDEX_URL", "UV_INDEX"}}
	w, err := condaWork(s, at)
	if got := strings.Join(w.passEnv, " "); err != nil || got != "LAB_TOKEN HTTPS_PROXY" {
		t.Errorf("passes %s, %v", got, err)
	}
	s.Venv.Prefetch = true
	if w, err = condaWork(s, at); err != nil || len(w.passEnv) > 0 || strings.Contains(w.script, "--fetch") {
		t.Errorf("with prefetch it passes %v, %v\n%s", w.passEnv, err, w.script)
	}
}

// The key holds the files, not the list's text nor what it is called.
func TestKeyOfACondaEnvironment(t *testing.T) {
	base := Key(condaStage(), nil, "")
	for name, change := range map[string]struct {
		do   func(v *Venv)
		same bool
	}{
		"list's name": {func(v *Venv) { v.Requirements.Path, v.Requirements.Digest = "x", "y" }, true},
		"prefetch":    {func(v *Venv) { v.Prefetch = true }, true},
		"check":       {func(v *Venv) { v.Python = "3" }, true},
		"address":     {func(v *Venv) { v.Lock.Packages[0].URL = "https://mirror.example/noarch/a-1-0.conda" }, true},
		"build":       {func(v *Venv) { v.Lock.Packages[0].Build = "1" }, false},
		"file":        {func(v *Venv) { v.Lock.Packages[0].Files["a-1-0.conda"] = "sha256:" + strings.Repeat("b", 64) }, false},
		"platform":    {func(v *Venv) { v.Lock.Platform = "linux_aarch64x" }, false},
		"manager":     {func(v *Venv) { v.Conda = false }, false},
	} {
		s := condaStage()
		change.do(s.Venv)
		if got := Key(s, nil, ""); (got == base) != change.same {
			t.Errorf("%s: the key is the same: %v", name, !change.same)
		}
	}
}
