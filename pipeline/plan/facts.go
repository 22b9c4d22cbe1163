package plan

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"github.com/runpipe/runpipe/pipeline"
	"github.com/runpipe/runpipe/pipeline/lock"
	"github.com/runpipe/runpipe/pipeline/workspace"
	"github.com/runpipe/runpipe/stages"
	"github.com/runpipe/runpipe/stages/digest"
	"github.com/runpipe/runpipe/stages/git"
	"github.com/runpipe/runpipe/stages/python"
)

// Wanted is what a pipeline asks the lock file for, sorted by address.
func Wanted(p *pipeline.Pipeline) []lock.Wanted {
	var wanted []lock.Wanted
	for _, c := range p.Clones() {
		wanted = append(wanted, lock.Wanted{
			Address: c.Address.String(), Repository: c.Repository, Ref: c.Ref,
			Paths: c.Paths, Requirements: c.Requirements, Asks: c.Asks, Range: c.Range,
		})
	}
	return wanted
}

// facts answers the evaluation's questions from the lock file and the workspace.
type facts struct {
	lock      *lock.File
	workspace *workspace.Workspace
	dir       string // of the pipeline
	wanted    map[string]lock.Wanted
	digests   func() (*digest.Cache, error) // opened when it is needed
}

var _ pipeline.Facts = (*facts)(nil)

func newFacts(p *pipeline.Pipeline, f *lock.File, w *workspace.Workspace) *facts {
	wanted := map[string]lock.Wanted{}
	for _, one := range Wanted(p) {
		wanted[one.Address] = one
	}
	return &facts{lock: f, workspace: w, dir: p.Dir, wanted: wanted, digests: digests(w)}
}

// digests opens the cache of digests, once.
func digests(w *workspace.Workspace) func() (*digest.Cache, error) {
	return sync.OnceValues(func() (*digest.Cache, error) { return digest.Open(w.Digests()) })
}

// Pin is the clone's pin in the lock file.
func (f *facts) Pin(address string) (git.Pin, bool) {
	return f.lock.Pin(f.wanted[address])
}

// mispinned refuses pins whose commit is at hand and holds something else than the lock
// file says, as after a merge that took a line of each side. What runs goes by the tree,
// and what is told and recorded by the commit; where the checkout is reused, no job
// would hold them against each other.
func (f *facts) mispinned() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, address := range slices.Sorted(maps.Keys(f.wanted)) {
		wanted := f.wanted[address]
		pin, ok := f.lock.Pin(wanted)
		remote, err := git.ParseRemote(wanted.Repository, f.dir)
		if !ok || err != nil {
			continue // which has been told
		}
		bare := remote.Bare(f.workspace.Repos())
		if !git.Has(bare, pin.Commit) {
			continue
		}
		if is, err := git.PinOf(bare, pin.Commit, wanted.Paths); err == nil && is.Digest != pin.Digest {
			diags = append(diags, diagnostic(wanted.Range, "Damaged lock file",
				fmt.Sprintf("%s: commit %.7s holds %s, and the lock file says %s. Take the lock file from your repository again, or pin it anew: runpipe lock --upgrade=%s.", address, pin.Commit, is.Digest, pin.Digest, address)))
		}
	}
	return diags
}

// Requirements reads a requirements file from the pinned commit, or takes its
// digest from the lock file while the repository is not at hand.
func (f *facts) Requirements(clone stages.Address, file string) (*stages.Requirements, error) {
	wanted := f.wanted[clone.String()]
	digest, ok := f.lock.Requirements(wanted, file)
	if !ok {
		return nil, fmt.Errorf("%s of %s is not pinned yet", file, clone)
	}
	known := &stages.Requirements{Path: file, Digest: digest}
	pin, ok := f.lock.Pin(wanted)
	if !ok {
		return known, nil
	}
	remote, err := git.ParseRemote(wanted.Repository, f.dir)
	if err != nil {
		return nil, err
	}
	bare := remote.Bare(f.workspace.Repos())
	if !git.Has(bare, pin.Commit) {
		return known, nil
	}
	return readRequirements(bare, pin.Commit, file, digest)
}

// readRequirements reads a requirements file, with what it includes, from a
// commit, and compares it with its digest.
func readRequirements(bare, commit, file, digest string) (*stages.Requirements, error) {
	read, err := stages.ReadPinned(func(name string) ([]byte, error) {
		return git.ReadFile(bare, commit, path.Clean(name))
	}, file)
	if err != nil {
		return nil, err
	}
	if read.Digest != digest {
		return nil, fmt.Errorf("%s differs from its digest in the lock file", file)
	}
	return read, nil
}

// Packages is what the lock file has for an environment.
func (f *facts) Packages(asked python.Asked) (*python.Lock, bool) { return f.lock.Packages(asked) }

// Data is what the lock file has for data.
func (f *facts) Data(asked string) (stages.DataPin, bool) { return f.lock.Data(asked) }

// FileDigest digests a file on this machine. Large ones are read once.
func (f *facts) FileDigest(path string) (string, error) {
	digests, err := f.digests()
	if err != nil {
		return "", err
	}
	return digests.File(path)
}

// Output is where an output of the stage with this key is, or will be.
func (f *facts) Output(key, path string) string { return f.workspace.Output(key, path) }

// Root is the workspace's path.
func (f *facts) Root() string { return f.workspace.Root }

func diagnostic(at hcl.Range, summary, detail string) *hcl.Diagnostic {
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail}
	if at.Filename != "" {
		d.Subject = &at
	}
	return d
}
