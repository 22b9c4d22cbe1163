package supervise

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/pipeline/seal"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"golang.org/x/sys/unix"
)

// publish moves the outputs into a private folder beside the store's entries,
// writes the record there, and renames the folder to the stage's key: who sees
// the entry sees all of it. Whoever is first wins.
func (j *job) publish(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err := j.checkSuperseded(); err != nil {
		return err
	}
	j.recorder.makeRoom(oncePublish)
	private, err := j.privateFolder()
	if err != nil {
		return fmt.Errorf("preparing the store: %w", err)
	}
	defer os.RemoveAll(private) // gone by then, if all went well
	if err := j.moveOutputs(ctx, filepath.Join(private, "outputs")); err != nil {
		return err
	}
	if err := seal.Write(private, j.sealed()); err != nil {
		return err
	}
	if err := flush(private); err != nil {
		return fmt.Errorf("writing the outputs to disk: %w", err)
	}
	entry := j.entry()
	if err := record.Write(private, entry); err != nil {
		return err
	}
	first, err := j.enter(private)
	if err != nil {
		return fmt.Errorf("publishing the result: %w", err)
	}
	if !first {
		return j.adopt()
	}
	j.made, j.published = entry, true
	return j.removeStale()
}

// checkSuperseded fails where the scheduler has given this start up and the job
// runs again: its successor is the one that is waited for.
func (j *job) checkSuperseded() error {
	restarts := j.recorder.successor()
	if restarts == 0 {
		return nil
	}
	return &failure{state: record.Interrupted, code: exitFailed, err: fmt.Errorf(
		"the job was requeued while this start of it still ran: start %d has taken its place", restarts+1)}
}

// privateFolder makes a folder beside the store's entries that no other job has:
// two runs may publish the same stage at the same time.
func (j *job) privateFolder() (string, error) {
	if err := there(j.attempt); err != nil {
		return "", err
	}
	if err := os.MkdirAll(j.workspace.Store(), 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(j.workspace.Store(), "."+j.manifest.Key+"-"+j.token()+"-")
}

// sealed lists what the store's entry holds.
func (j *job) sealed() []seal.Output {
	var all []seal.Output
	for _, out := range j.outputs {
		all = append(all, seal.Output{Name: out.name, Path: out.path, Linked: out.linked, Folder: out.listing.Folder, Lines: out.listing.Lines})
	}
	return all
}

// entry is the record that the store keeps. It holds no checks: they are
// judged anew for whoever reuses the stage.
func (j *job) entry() *record.Record {
	var entry record.Record
	now := j.options.Now().UTC()
	j.recorder.change(func(r *record.Record) { entry = *r })
	entry.State, entry.Reason, entry.Signal, entry.Step, entry.Checks = record.Succeeded, "", "", "", nil
	entry.Ended = &now
	return &entry
}

// moveOutputs moves each output to the path it was written at, below folder.
func (j *job) moveOutputs(ctx context.Context, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("preparing the store: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("preparing the store: %w", err)
	}
	defer root.Close()
	moved := []string{}
	byPath := slices.Clone(j.outputs)
	slices.SortFunc(byPath, func(a, b output) int { return cmp.Compare(a.path, b.path) })
	for _, out := range byPath {
		if slices.ContainsFunc(moved, func(m string) bool { return m == out.path || m == "." || strings.HasPrefix(out.path, m+"/") }) {
			continue // went along with a folder that is an output itself
		}
		if err := move(ctx, out, j.start(), root); err != nil {
			return fmt.Errorf("moving output %s into the store: %w", out.name, err)
		}
		moved = append(moved, out.path)
	}
	return nil
}

// move renames one output into the store; across file systems, and from behind
// a symbolic link, it copies.
func move(ctx context.Context, out output, start string, store *os.Root) error {
	local := filepath.FromSlash(out.path)
	if err := store.MkdirAll(filepath.Dir(local), 0o700); err != nil {
		return err
	}
	if out.real == filepath.Join(start, local) {
		to := filepath.Join(store.Name(), local)
		err := unix.Rename(out.real, to) // over an empty folder too, which os.Rename refuses
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EXDEV) {
			return fmt.Errorf("renaming %s to %s: %w", out.real, to, err)
		}
	}
	return copyTree(context.WithoutCancel(ctx), out.real, store, local)
}

// enter makes the private folder the stage's entry in the store, unless there
// is one that will do: then it reports false, and theirs is kept.
func (j *job) enter(private string) (first bool, err error) {
	final := j.workspace.Finished(j.manifest.Key)
	for {
		err := os.Rename(private, final)
		if err == nil {
			return true, syncFolder(j.workspace.Store())
		}
		if !errors.Is(err, fs.ErrExist) && !errors.Is(err, unix.ENOTEMPTY) {
			return false, err
		}
		if j.isMade() {
			return false, nil
		}
		var other *workspace.VersionError
		if _, err := j.finished(j.manifest.Key); errors.As(err, &other) {
			return false, err // it is left alone
		}
		// Both swap at once where the file system can, so that nobody finds
		// the entry missing; NFS cannot.
		if unix.Renameat2(unix.AT_FDCWD, private, unix.AT_FDCWD, final, unix.RENAME_EXCHANGE) == nil {
			return true, syncFolder(j.workspace.Store())
		}
		if err := os.Rename(final, private+"-replaced"); err != nil {
			return false, err
		}
		defer os.RemoveAll(private + "-replaced")
	}
}

// removeStale removes what those were building whose claims this job took
// over: its own result is the published one, so theirs never can be.
func (j *job) removeStale() error {
	if j.claim == nil {
		return nil
	}
	for _, folder := range j.claim.stale {
		if folder != j.venv && filepath.Dir(folder) == j.workspace.Environments() {
			os.RemoveAll(folder)
		}
	}
	return nil
}
