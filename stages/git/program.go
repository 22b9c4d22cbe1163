package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// program is the user's git, for what go-git does not know (see the package's
// documentation). It is never needed where go-git will do.
type program struct {
	path string
	with []string // variables of its environment, besides the usual ones
}

func findProgram() (program, bool) {
	path, err := exec.LookPath("git")
	return program{path: path}, err == nil
}

// output runs git outside any repository and returns its standard output.
func (g program) output(ctx context.Context, args ...string) ([]byte, error) {
	return g.run(ctx, Remote{}, nil, args...)
}

// run runs git. The credentials of r's URL, if any, reach it through the
// environment: arguments can be read by every user of a machine. What git prints
// on standard error becomes the error, or progress.
func (g program) run(ctx context.Context, r Remote, tell Progress, args ...string) ([]byte, error) {
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, g.path, args...)
	cmd.Dir = "/" // not within a repository, whose own configuration would count
	cmd.Env = append(environment(ctx, g, r), g.with...)
	cmd.Stdout = &out
	cmd.Stderr = io.MultiWriter(&said, &sideband{tell: tell})
	// git runs ssh and git-remote-https as children: end them all.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	if err == nil {
		return out.Bytes(), nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return nil, fmt.Errorf("running git: %w", err)
	}
	return nil, errors.New("git says: " + complaint(said.String()))
}

// complaint is what is worth showing of git's standard error: no progress, no
// advice, no blank lines.
func complaint(text string) string {
	var lines []string
	for line := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == '\n' || c == '\r' }) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "remote:"))
		_, _, _, progress := parseProgress(line)
		if line != "" && !progress && !strings.HasPrefix(line, "hint:") && !strings.HasPrefix(line, "Please make sure") && line != "and the repository exists." {
			lines = append(lines, line)
		}
	}
	if len(lines) > 4 {
		lines = lines[len(lines)-4:]
	}
	return Redact(strings.Join(lines, "; "))
}

// environment is the caller's, so that git finds its configuration, its agent and
// its proxies, without what would point it at a repository and without any way to
// ask the user something.
func environment(ctx context.Context, g program, r Remote) []string {
	var env []string
	count := 0
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		switch name {
		case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
			"GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_ASKPASS", "SSH_ASKPASS", "GIT_TERMINAL_PROMPT", "LC_ALL", "LANGUAGE":
			continue
		case "GIT_SSH_COMMAND":
			continue // sshCommand reads it
		case "GIT_CONFIG_COUNT":
			count, _ = strconv.Atoi(value)
			continue
		}
		env = append(env, variable)
	}
	env = append(env, "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "SSH_ASKPASS_REQUIRE=never", "LC_ALL=C")
	if r.kind == overSSH {
		if ssh := g.sshCommand(ctx); ssh != "" {
			env = append(env, "GIT_SSH_COMMAND="+ssh+" -o BatchMode=yes -o ConnectTimeout=20")
		}
	}
	if u, err := url.Parse(r.url); err == nil && r.kind == overHTTP && u.User != nil {
		password, _ := u.User.Password()
		const helper = `!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$RUNPIPE_GIT_USERNAME" "$RUNPIPE_GIT_PASSWORD"; }; f`
		env = append(env,
			"RUNPIPE_GIT_USERNAME="+u.User.Username(), "RUNPIPE_GIT_PASSWORD="+password,
			fmt.Sprintf("GIT_CONFIG_KEY_%d=credential.%s://%s.helper", count, u.Scheme, u.Host),
			fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", count, helper))
		count++
	}
	if count > 0 {
		env = append(env, "GIT_CONFIG_COUNT="+strconv.Itoa(count))
	}
	return env
}

// sshCommand is the ssh that git would run: GIT_SSH_COMMAND, then core.sshCommand,
// then ssh (git(1), GIT_SSH_COMMAND). It is "" where GIT_SSH names a program, which
// takes no options.
func (g program) sshCommand(ctx context.Context) string {
	if command := os.Getenv("GIT_SSH_COMMAND"); command != "" {
		return command
	}
	if out, err := g.output(ctx, "config", "--get", "core.sshCommand"); err == nil {
		return strings.TrimSpace(string(out))
	}
	if os.Getenv("GIT_SSH") != "" {
		return ""
	}
	return "ssh"
}

// list asks for a remote's refs, as git ls-remote prints them: "<hash>\t<name>",
// and "ref: <name>\tHEAD".
func (g program) list(ctx context.Context, r Remote) (string, error) {
	out, err := g.run(ctx, r, nil, "ls-remote", "--symref", "--", r.plain())
	return string(out), err
}

// fetch brings one refspec's objects into the bare repository dir, in a pack.
func (g program) fetch(ctx context.Context, r Remote, dir string, tell Progress, options []string, refspecs ...string) error {
	args := []string{"--git-dir=" + dir,
		"-c", "fetch.unpackLimit=1", "-c", "transfer.unpackLimit=1", // packs, not loose objects
		"-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "fetch.writeCommitGraph=false",
		"fetch", "--progress", "--no-tags", "--no-recurse-submodules"}
	args = append(args, options...)
	args = append(append(args, "--", r.plain()), refspecs...)
	_, err := g.run(ctx, r, tell, args...)
	// FETCH_HEAD holds the address, and nobody reads it.
	_ = os.Remove(dir + "/FETCH_HEAD")
	return err
}

// plain is the address for an argument list: without the credentials that travel
// in the environment instead.
func (r Remote) plain() string {
	if r.kind == overHTTP {
		return Redact(r.url)
	}
	return r.url
}
