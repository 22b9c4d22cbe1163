package lfs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/runpipe/runpipe/stages/download"
	"github.com/runpipe/runpipe/stages/git"
)

// Wanted is files in Git LFS of one pinned commit.
type Wanted struct {
	Remote git.Remote
	Bare   string // the bare repository of Remote, which holds the commit
	Commit string
	Files  []git.LFSFile
}

// atOnce is how many files are downloaded at the same time.
const atOnce = 4

// Fetch brings the content of the files into the folder dir, where each is named by
// its sha256. What is there costs nothing. tell may be nil.
func Fetch(ctx context.Context, w Wanted, dir string, tell git.Progress) error {
	byRepository := map[string][]git.LFSFile{}
	var order []string
	seen := map[string]bool{}
	for _, f := range w.Files {
		if _, err := os.Stat(download.Path(dir, f.OID)); err == nil || seen[f.OID] {
			continue
		}
		seen[f.OID] = true
		if byRepository[f.Bare] == nil {
			order = append(order, f.Bare)
		}
		byRepository[f.Bare] = append(byRepository[f.Bare], f)
	}
	if len(order) == 0 {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of downloads: %w", err)
	}
	for _, bare := range order {
		places, err := git.LFSPlacesOf(ctx, w.Bare, w.Commit, w.Remote, bare)
		if err != nil {
			return err
		}
		if err := fetch(ctx, places, byRepository[bare], dir, tell); err != nil {
			return err
		}
	}
	return nil
}

func fetch(ctx context.Context, places git.LFSPlaces, files []git.LFSFile, dir string, tell git.Progress) error {
	progress := newTally(files, tell)
	var missing []git.LFSFile
	for _, f := range files {
		found, err := copyFrom(ctx, places.Folders, f, dir)
		if err != nil {
			return err
		}
		if !found {
			missing = append(missing, f)
		} else if progress != nil {
			progress.add(f.OID, f.Size)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if places.Server == "" {
		return absent(places.Remote, missing)
	}
	// A batch at a time: what a server allows to download, it allows for a while.
	for start := 0; start < len(missing); start += batchSize {
		some := missing[start:min(start+batchSize, len(missing))]
		actions, err := ask(ctx, &places, some)
		if err != nil {
			return err
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(atOnce)
		for _, f := range some {
			group.Go(func() error { return get(ctx, f, actions[f.OID], dir, progress) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// absent says that a repository on this machine has only the pointers.
func absent(r git.Remote, missing []git.LFSFile) error {
	return &download.Fault{Summary: "Git LFS content missing", Detail: fmt.Sprintf("%s has only the pointer of %s%s: its content, sha256 %s, was never fetched there. Run git lfs fetch in it, or leave pointers as they are with lfs = false in the clone.", r, missing[0].Path, more(missing), missing[0].OID)}
}

func more(files []git.LFSFile) string {
	if len(files) < 2 {
		return ""
	}
	return fmt.Sprintf(" (and of %d more)", len(files)-1)
}

// copyFrom copies an object out of one of the folders, in which git-lfs spreads them.
// A damaged one counts for nothing.
func copyFrom(ctx context.Context, folders []string, f git.LFSFile, dir string) (bool, error) {
	for _, folder := range folders {
		from, err := os.Open(filepath.Join(folder, f.OID[:2], f.OID[2:4], f.OID))
		if err != nil {
			continue
		}
		sum, err := keep(ctx, from, f.OID, dir)
		_ = from.Close()
		if err != nil {
			return false, fmt.Errorf("copying %s out of %s: %w", f.Path, folder, err)
		}
		if sum == f.OID {
			return true, nil
		}
	}
	return false, nil
}

// keep copies a file under its digest, if that is what is wanted.
func keep(ctx context.Context, from io.Reader, want, dir string) (sum string, err error) {
	to, err := os.CreateTemp(dir, "part-*.tmp")
	if err != nil {
		return "", err
	}
	defer os.Remove(to.Name()) // but for one that was renamed
	digest := sha256.New()
	_, err = io.CopyBuffer(io.MultiWriter(to, digest), contextReader{ctx, from}, make([]byte, 1<<20))
	sum = hex.EncodeToString(digest.Sum(nil))
	if err == nil && sum == want {
		err = errors.Join(to.Chmod(0o444), to.Sync())
	}
	err = errors.Join(err, to.Close())
	if err == nil && sum == want {
		err = os.Rename(to.Name(), download.Path(dir, sum))
	}
	return sum, err
}

type contextReader struct {
	ctx  context.Context
	from io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.from.Read(p)
}

// tally adds up how much of several files is there.
type tally struct {
	mu    sync.Mutex
	tell  git.Progress
	done  map[string]int64
	total int64
}

func newTally(files []git.LFSFile, tell git.Progress) *tally {
	if tell == nil {
		return nil
	}
	t := &tally{tell: tell, done: map[string]int64{}}
	for _, f := range files {
		t.total += f.Size
	}
	return t
}

func (t *tally) add(oid string, done int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done[oid] = done
	var all int64
	for _, n := range t.done {
		all += n
	}
	t.tell(git.Receiving, all, t.total)
}
