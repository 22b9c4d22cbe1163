package supervise

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/slurm/slurmtest"
)

// needLmod skips where there is no Lmod, but where all parts are required fails.
func needLmod(t *testing.T) {
	if _, err := os.Stat("/etc/profile.d/lmod.sh"); err == nil {
		return
	}
	if os.Getenv(slurmtest.Required) == "required" {
		t.Fatal("Lmod is required and not installed")
	}
	t.Skip("Lmod is not installed")
}

// withModules is a stage that loads a module from a site of its own.
func withModules(t *testing.T, profile string) *stageUnderTest {
	s := newStage(t, `module load tool/1.0; echo "$LOADEDMODULES" > "$RUNPIPE_MODULES"; tool; echo "$TOOL_HOME"; [ "$(tool)" = "tool 1.0" ]`)
	s.manifest.Modules = true
	s.manifest.ModuleNames = []string{"tool/1.0"}
	bin := filepath.Dir(s.write("site/bin/tool", "#!/bin/sh\necho tool 1.0\n"))
	if err := os.Chmod(filepath.Join(bin, "tool"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.write("site/modules/tool/1.0.lua", "prepend_path(\"PATH\", \""+bin+"\")\nsetenv(\"TOOL_HOME\", \""+bin+"\")\n")
	s.options.Site.Profile = s.write("site/profile", profile+"\nexport MODULEPATH="+filepath.Join(filepath.Dir(bin), "modules")+"\n")
	return s
}

func TestARealModuleIsLoaded(t *testing.T) {
	needLmod(t)
	s := withModules(t, ". /etc/profile.d/lmod.sh")
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if !strings.Contains(o.log, "tool 1.0\n") {
		t.Errorf("the log:\n%s", o.log)
	}
	if !slices.Equal(o.Modules, []string{"tool/1.0"}) {
		t.Errorf("the record has the modules %v", o.Modules)
	}
}

func TestAProfileThatOnlySetsThePathOfModules(t *testing.T) {
	needLmod(t)
	withModules(t, "").run().want(t, 0, record.Succeeded) // module is defined through BASH_ENV
}

func TestTheUsersOwnFilesAreNotRead(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{".bash_profile", ".bashrc", ".profile"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte("export MINE=read\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := newStage(t, `[ -z "${MINE:-}" ] && [ "$HOME" = "`+home+`" ]`)
	s.manifest.Modules = true
	s.environ = []string{"HOME=" + home}
	s.run().want(t, 0, record.Succeeded)
}

func TestNoModuleSystem(t *testing.T) {
	s := newStage(t, `module load python/3.10; echo went on`)
	s.manifest.Modules, s.manifest.ModuleNames = true, []string{"python/3.10"}
	s.options.Site = Site{Profile: s.write("profile", "export SITE=here\n"), ModuleInits: []string{}}
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if strings.Count(o.log, "no module system on this machine: going on without python/3.10\n") != 1 || !strings.Contains(o.log, "went on") {
		t.Errorf("the log:\n%s", o.log)
	}
	s.manifest.Key = keyOf("on Slurm")
	s.onSlurm("12", 0)
	s.run().want(t, 1, record.Failed, "no module system on this node", "python/3.10 cannot be loaded")
}

func TestAProfileThatHangsIsGivenUp(t *testing.T) {
	s := newStage(t, "true")
	s.manifest.Modules = true
	s.options.Timing.Profile = 200 * time.Millisecond
	s.options.Site.Profile = s.write("profile", "sleep 1000 & wait\n")
	s.run().want(t, 1, record.Failed, "did not come to an end")
}
