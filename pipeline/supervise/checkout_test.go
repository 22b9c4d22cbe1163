package supervise

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/git"
)

// repository makes a bare repository with one commit, by git itself.
func repository(t *testing.T) (bare string, pin git.Pin) {
	t.Helper()
	tree, bare := t.TempDir(), filepath.Join(t.TempDir(), "code.git")
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = tree
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=me", "GIT_AUTHOR_EMAIL=me@example.org", "GIT_COMMITTER_NAME=me", "GIT_COMMITTER_EMAIL=me@example.org"}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	for name, mode := range map[string]os.FileMode{"src/train.py": 0o644, "run.sh": 0o755} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(tree, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tree, name), []byte(name+"\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	run("init", "-q")
	run("add", ".")
	run("commit", "-q", "-m", "one")
	run("clone", "-q", "--bare", tree, bare)
	pin, err := git.PinOf(bare, run("rev-parse", "HEAD"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return bare, pin
}

func newClone(t *testing.T, then string) (*stageUnderTest, git.Pin) {
	bare, pin := repository(t)
	w, err := workspace.Create(filepath.Join(t.TempDir(), ".runpipe"))
	if err != nil {
		t.Fatal(err)
	}
	s := newStageIn(t, w, "clone.code", `"$runpipe" checkout '`+bare+`' `+pin.Commit+` `+pin.Digest+` tree; `+then)
	s.manifest.Outputs = map[string]string{"tree": "tree"}
	s.manifest.Verify = &stages.Verify{Output: "tree", Repository: bare, Commit: pin.Commit, Digest: pin.Digest}
	return s, pin
}

func TestACloneIsCheckedOutAndVerified(t *testing.T) {
	s, pin := newClone(t, "")
	o := s.run()
	o.want(t, 0, record.Succeeded)
	if !strings.Contains(o.log, "checked out commit "+pin.Commit+"\n") {
		t.Errorf("the log:\n%s", o.log)
	}
	tree := s.workspace.Output(s.manifest.Key, "tree")
	if got := readFile(t, filepath.Join(tree, "src/train.py")); got != "src/train.py\n" {
		t.Errorf("train.py holds %q", got)
	}
	if err := git.Verify(tree, s.manifest.Verify.Repository, pin.Commit, nil, false); err != nil {
		t.Error(err)
	}
	// The checkout is the source of the next stage.
	next := newStageIn(t, s.workspace, "train.cnn", `[ -x run.sh ]; sed -i s/train/changed/ src/train.py; cp src/train.py out`)
	next.manifest.Source = tree
	next.manifest.Upstreams = []stages.Upstream{{Address: "clone.code", Key: s.manifest.Key}}
	next.manifest.Outputs = map[string]string{"out": "out"}
	next.run().want(t, 0, record.Succeeded)
	if got := readFile(t, next.workspace.Output(next.manifest.Key, "out")); got != "src/changed.py\n" {
		t.Errorf("out holds %q", got)
	}
}

func TestATreeThatIsNotTheCommitIsRefused(t *testing.T) {
	for name, change := range map[string]string{
		"content": "echo x >> tree/run.sh", "mode": "chmod -x tree/run.sh", "more": "touch tree/more", "less": "rm tree/run.sh",
	} {
		t.Run(name, func(t *testing.T) {
			s, pin := newClone(t, change)
			s.run().want(t, 5, record.Drift, "the checkout is not commit "+pin.Commit)
		})
	}
}

func TestAPinThatMovedIsRefused(t *testing.T) {
	bare, pin := repository(t)
	o := CheckoutOptions{Repository: bare, Commit: pin.Commit, Digest: strings.Repeat("0", 40), Dest: filepath.Join(t.TempDir(), "tree"), Out: io.Discard}
	err := Checkout(context.Background(), o)
	if err == nil || failureOf(err).code != exitDrift || !strings.Contains(err.Error(), "was pinned") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(o.Dest); err == nil {
		t.Error("it was checked out all the same")
	}
}
