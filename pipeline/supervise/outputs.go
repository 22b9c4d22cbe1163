package supervise

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/runpipe/runpipe/pipeline/record"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/git"
)

// output is one output where the command left it.
type output struct {
	name string
	path string // relative to where the command started, slash-separated
	real string // absolute; differs from path where that is a symbolic link

	linked  string // the environment's folder, of which the output is only a link
	listing stages.Listing
}

// openWork opens the working copy and, in it, the folder that the command
// started in.
func (j *job) openWork() (work, start *os.Root, err error) {
	work, err = os.OpenRoot(j.work())
	if err != nil {
		return nil, nil, fmt.Errorf("opening the working copy: %w", err)
	}
	if start, err = openStart(work, j.manifest); err != nil {
		work.Close()
		return nil, nil, err
	}
	return work, start, nil
}

// examineOutputs sees to it that every output is there and may be moved, and
// digests it, all in place: whatever fails leaves the working copy as it was.
func (j *job) examineOutputs(ctx context.Context) error {
	work, start, err := j.openWork()
	if err != nil {
		return err
	}
	defer work.Close()
	defer start.Close()
	var list []record.Output
	for _, name := range sortedKeys(j.manifest.Outputs) {
		out := output{name: name, path: path.Clean(j.manifest.Outputs[name])}
		listing, err := abandonable(ctx, func() (stages.Listing, error) { return j.examine(&out, start) })
		if err != nil {
			return fmt.Errorf("output %s: %w", name, err)
		}
		out.listing = listing
		j.outputs = append(j.outputs, out)
		list = append(list, out.recorded())
	}
	j.recorder.change(func(r *record.Record) { r.Outputs = list })
	return j.verifyCheckout(ctx)
}

// abandonable waits for do, but not once a signal has come: the digest of a large
// output takes longer than a scheduler waits between SIGTERM and SIGKILL.
func abandonable[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := do()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// examine finds one output and sums it up.
func (j *job) examine(out *output, start *os.Root) (stages.Listing, error) {
	local := filepath.FromSlash(out.path)
	info, err := start.Lstat(local)
	if errors.Is(err, fs.ErrNotExist) {
		return stages.Listing{}, fmt.Errorf("%s was not written%s", out.path, instead(start, out.path))
	}
	if err != nil {
		return stages.Listing{}, err
	}
	out.real = filepath.Join(j.start(), local)
	if info.Mode().Type() == fs.ModeSymlink {
		if j.venv != "" {
			return j.examineVenv(out)
		}
		if _, err := start.Stat(local); err != nil {
			return stages.Listing{}, fmt.Errorf("%s is a symbolic link that leads nowhere within the working copy: an output must be a file or folder of its own", out.path)
		}
		if out.real, err = filepath.EvalSymlinks(out.real); err != nil {
			return stages.Listing{}, err
		}
	}
	if err := checkLinks(out.real); err != nil {
		return stages.Listing{}, err
	}
	return stages.ListingOf(out.real)
}

// examineVenv checks the link that stands for a virtual environment, and lists
// what it leads to.
func (j *job) examineVenv(out *output) (stages.Listing, error) {
	target, err := os.Readlink(out.real)
	if err != nil {
		return stages.Listing{}, err
	}
	if target != j.venv {
		return stages.Listing{}, fmt.Errorf("%s leads to %s, not to the environment built in %s", out.path, target, j.venv)
	}
	if _, err := os.Stat(filepath.Join(j.venv, "pyvenv.cfg")); err != nil {
		if info, err := os.Stat(filepath.Join(j.venv, "conda-meta")); err != nil || !info.IsDir() {
			return stages.Listing{}, fmt.Errorf("no environment was built: %s has neither pyvenv.cfg nor conda-meta", j.venv)
		}
	}
	out.linked = target
	j.recordInstalled()
	return stages.ListingOf(target)
}

// recorded is what the record tells of the output.
func (o *output) recorded() record.Output {
	content := o.listing.Content()
	out := record.Output{Name: o.name, Path: o.path, Size: content.Size, Files: content.Files, Digest: content.Digest}
	if o.linked != "" {
		out.Digest, out.Contents = stages.LinkContent(o.linked).Digest, content.Digest
	}
	return out
}

// verifyCheckout holds a clone stage's output against the commit in the bare
// repository it came from.
func (j *job) verifyCheckout(ctx context.Context) error {
	v := j.manifest.Verify
	if v == nil {
		return nil
	}
	for _, out := range j.outputs {
		if out.name == v.Output {
			if err := git.Verify(out.real, v.Repository, v.Commit, v.Paths); err != nil {
				return drift("the checkout is not commit %s: %w", v.Commit, err)
			}
			return context.Cause(ctx)
		}
	}
	return drift("the manifest has no output %q to verify", v.Output)
}

// instead says what there is where an output was looked for.
func instead(start *os.Root, missing string) string {
	folder := path.Dir(missing)
	names := namesIn(start, folder)
	for names == nil && folder != "." {
		missing, folder = folder, path.Dir(folder)
		names = namesIn(start, folder)
	}
	where := folder + " holds"
	if folder == "." {
		where = "the working copy holds"
	}
	if len(names) == 0 {
		return "; " + where + " nothing"
	}
	wanted := path.Base(missing)
	slices.SortStableFunc(names, func(a, b string) int { return unlike(wanted, a) - unlike(wanted, b) })
	const most = 5
	rest := ""
	if more := len(names) - most; more > 0 {
		names, rest = names[:most], fmt.Sprintf(" and %d more", more)
	}
	return "; " + where + " " + strings.Join(names, ", ") + rest
}

// namesIn lists a folder, sorted; nil if it cannot be listed.
func namesIn(start *os.Root, folder string) []string {
	entries, err := fs.ReadDir(start.FS(), folder)
	if err != nil {
		return nil
	}
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// unlike is the number of letters to change, add or drop to make b of a.
func unlike(a, b string) int {
	row := make([]int, len(b)+1)
	for k := range row {
		row[k] = k
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for k := range len(b) {
			cost := diagonal
			if a[i] != b[k] {
				cost = 1 + min(diagonal, row[k], row[k+1])
			}
			diagonal, row[k+1] = row[k+1], cost
		}
	}
	return row[len(b)]
}
