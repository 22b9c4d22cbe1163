package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Site is where the machine keeps its module system.
type Site struct {
	// Profile is a file to be sourced instead of the login shell's own profile;
	// "" is the profile of the machine (/etc/profile and what it reads).
	Profile string
	// ModuleInits are scripts that define `module` for bash, tried in this
	// order where the profile does not define it. nil is the usual places.
	ModuleInits []string
}

// moduleInits are where Lmod and Environment Modules install their
// initialisation for bash: Debian, Red Hat, and their own default prefixes.
var moduleInits = []string{
	"/usr/share/lmod/lmod/init/bash",
	"/etc/profile.d/lmod.sh",
	"/etc/profile.d/modules.sh",
	"/usr/share/modules/init/bash",
	"/usr/share/Modules/init/bash",
	"/opt/apps/lmod/lmod/init/bash",
	"/usr/local/Modules/init/bash",
}

// moduleFunction is the name under which bash exports the function `module`.
const moduleFunction = "BASH_FUNC_module%%"

// moduleEnviron is an environment in which a bash script can say `module load`:
// what the site's login profile makes of an empty one, without the user's own
// files. Where the profile exports no `module`, BASH_ENV names the script that
// defines it; where there is none at all, Slurm's jobs fail, and those of the
// local executor go on without.
func (j *job) moduleEnviron(ctx context.Context) (environ, error) {
	env, err := j.siteProfile(ctx)
	if err != nil {
		return nil, err
	}
	if env[moduleFunction] != "" {
		return env, nil
	}
	if script := j.moduleInit(env); script != "" {
		env["BASH_ENV"] = script
		return env, nil
	}
	wanted := strings.Join(j.manifest.ModuleNames, ", ")
	if wanted == "" {
		wanted = "modules"
	}
	if j.manifest.Executor != "local" {
		return nil, fmt.Errorf("there is no module system on this node: `module` is not defined by its login profile, and neither Lmod nor Environment Modules is where it usually is; %s cannot be loaded", wanted)
	}
	j.say("no module system on this machine: going on without %s", wanted)
	env[moduleFunction] = "() { :; }"
	return env, nil
}

// moduleInit finds the script that defines `module`, where the profile says it
// is or in the usual places; "" if there is none.
func (j *job) moduleInit(env environ) string {
	candidates := moduleInits
	if j.options.Site.ModuleInits != nil {
		candidates = j.options.Site.ModuleInits
	}
	for _, home := range []string{env["LMOD_PKG"], env["MODULESHOME"]} {
		if home != "" {
			candidates = slices.Concat([]string{filepath.Join(home, "init", "bash")}, candidates)
		}
	}
	for _, script := range candidates {
		if info, err := os.Stat(script); err == nil && info.Mode().IsRegular() {
			return script
		}
	}
	return ""
}

// siteProfile runs a login shell with an empty home and reads the environment
// that it ends up with, exported functions included. A profile that hangs (on a
// file server that is away, on a question it asks) is given up.
func (j *job) siteProfile(ctx context.Context) (environ, error) {
	home, err := os.MkdirTemp("", "runpipe-home-")
	if err != nil {
		return nil, fmt.Errorf("reading the site's profile: %w", err)
	}
	defer os.RemoveAll(home)
	limited, cancel := context.WithTimeout(ctx, j.options.Timing.Profile)
	defer cancel()
	shell := exec.CommandContext(limited, "/bin/bash", "--login", "-c", `exec env -0`)
	if j.options.Site.Profile != "" {
		shell = exec.CommandContext(limited, "/bin/bash", "--noprofile", "-c", `. "$0" && exec env -0`, j.options.Site.Profile)
	}
	var out bytes.Buffer
	shell.Dir, shell.Stdout = home, &out // what it says on stderr would be noise in every log
	shell.Env = []string{"HOME=" + home, "USER=" + j.outer["USER"], "LOGNAME=" + j.outer["LOGNAME"]}
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	shell.WaitDelay = time.Second // a daemon of the profile's may hold the pipe open
	if err := shell.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		if limited.Err() != nil && ctx.Err() == nil {
			return nil, fmt.Errorf("the site's login profile did not come to an end within %s: modules cannot be loaded", j.options.Timing.Profile)
		}
		return nil, fmt.Errorf("reading the site's login profile: %w", err)
	}
	env := newEnviron(strings.Split(out.String(), "\x00"))
	for _, name := range []string{"HOME", "PWD", "OLDPWD", "SHLVL", "_", "USER", "LOGNAME"} {
		delete(env, name)
	}
	return env, nil
}
