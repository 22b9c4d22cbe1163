package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	gosync "sync"
	"syscall"

	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Checkout writes what a pinned commit holds under the paths (none: all of it) into
// dest, which must be empty or not exist: files and submodules' files with mode 0644
// or 0755 (less the umask), symbolic links as links, no .git folder. What Git LFS
// keeps is taken from the folder large, where each file is named by its sha256, and
// may be a link to that; with large "" the pointers are left.
//
// Nothing is ever written outside dest. A commit with a name that must not be
// checked out, or a link that leads out of dest, is refused with an error of kind
// ErrUnsafe. After an error dest holds part of the tree.
func Checkout(ctx context.Context, bare, commit string, paths []string, large, dest string) error {
	files, links, err := plan(bare, commit, paths, large != "")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dest, 0o755); err != nil {
		return fmt.Errorf("checking out %s: %w", commit, err)
	}
	if found, err := os.ReadDir(dest); err != nil || len(found) > 0 {
		return fmt.Errorf("checking out %s: %s is not an empty folder", commit, dest)
	}
	root, err := os.OpenRoot(dest)
	if err != nil {
		return fmt.Errorf("checking out %s: %w", commit, err)
	}
	defer root.Close()
	if err := makeFolders(root, files, links); err != nil {
		return fmt.Errorf("checking out %s: %w", commit, err)
	}
	if err := writeFiles(ctx, root, files, large); err != nil {
		return fmt.Errorf("checking out %s: %w", commit, err)
	}
	// Links come last: no file can have been written through one.
	if err := writeLinks(root, links); err != nil {
		return fmt.Errorf("checking out %s: %w", commit, err)
	}
	return nil
}

// link is a symbolic link to be made.
type link struct{ path, target string }

// plan lists the files and the links of a checkout, and refuses links that lead out.
func plan(bare, commit string, paths []string, large bool) ([]entry, []link, error) {
	clean, err := cleanPaths(paths)
	if err != nil {
		return nil, nil, err
	}
	s, err := openSnapshot(bare, commit)
	if err != nil {
		return nil, nil, err
	}
	defer s.close()
	all, err := s.files(clean)
	if err != nil {
		return nil, nil, err
	}
	if large {
		if err := s.readPointers(all); err != nil {
			return nil, nil, err
		}
	}
	files := all[:0:0]
	var links []link
	for _, e := range all {
		if e.mode != filemode.Symlink {
			files = append(files, e)
			continue
		}
		target, err := s.target(e)
		if err != nil {
			return nil, nil, err
		}
		if p := path.Join(path.Dir(e.path), target); path.IsAbs(target) || p == ".." || strings.HasPrefix(p, "../") {
			return nil, nil, leadsOut(e.path, target)
		}
		links = append(links, link{e.path, target})
	}
	return files, links, nil
}

func leadsOut(p, target string) *Fault {
	return fault(ErrUnsafe, "Unsafe link in the commit", fmt.Sprintf("The link %s points outside the checkout, at %s. Set paths to the folders you need, or change the link in the repository.", p, target))
}

func makeFolders(root *os.Root, files []entry, links []link) error {
	folders := map[string]bool{}
	note := func(p string) {
		for p = path.Dir(p); p != "." && !folders[p]; p = path.Dir(p) {
			folders[p] = true
		}
	}
	for _, e := range files {
		note(e.path)
	}
	for _, l := range links {
		note(l.path)
	}
	sorted := make([]string, 0, len(folders))
	for p := range folders {
		sorted = append(sorted, p)
	}
	slices.Sort(sorted) // a folder before what is in it
	for _, p := range sorted {
		if err := root.Mkdir(filepath.FromSlash(p), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// batchSize bounds how many files of one folder a worker takes at a time.
const batchSize = 64

// batches cuts sorted entries into runs of the same folder.
func batches(files []entry) [][]entry {
	var all [][]entry
	start := 0
	for i := 1; i <= len(files); i++ {
		if i == len(files) || i-start == batchSize || path.Dir(files[i].path) != path.Dir(files[start].path) {
			if i > start {
				all = append(all, files[start:i])
			}
			start = i
		}
	}
	return all
}

// workers is how many files are written or read at once. A shared file system
// answers slowly and many at a time.
func workers() int { return min(max(4, runtime.GOMAXPROCS(0)), 16) }

// inParallel hands the batches to workers, each with its own readers, and returns
// the first error.
func inParallel(ctx context.Context, all [][]entry, work func(s *snapshot, batch []entry) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	queue := make(chan []entry)
	var group gosync.WaitGroup
	for range min(workers(), len(all)) {
		group.Go(func() {
			s := &snapshot{stores: map[string]*store{}}
			defer s.close()
			for batch := range queue {
				if ctx.Err() != nil {
					continue
				}
				if err := work(s, batch); err != nil {
					stop(err)
				}
			}
		})
	}
	for _, batch := range all {
		if ctx.Err() != nil {
			break
		}
		queue <- batch
	}
	close(queue)
	group.Wait()
	return context.Cause(ctx)
}

func writeFiles(ctx context.Context, root *os.Root, files []entry, large string) error {
	return inParallel(ctx, batches(files), func(s *snapshot, batch []entry) error {
		folder, err := root.OpenRoot(filepath.FromSlash(path.Dir(batch[0].path)))
		if err != nil {
			return err
		}
		defer folder.Close()
		for _, e := range batch {
			write := writeFile
			if e.oid != "" {
				write = func(folder *os.Root, _ *snapshot, e entry) error { return writeLarge(ctx, folder, large, e) }
			}
			if err := write(folder, s, e); err != nil {
				return fmt.Errorf("%s: %w", e.path, err)
			}
		}
		return nil
	})
}

func writeFile(folder *os.Root, s *snapshot, e entry) error {
	objects, err := s.store(e.bare)
	if err != nil {
		return err
	}
	content, size, err := objects.open(e.id)
	if err != nil {
		return err
	}
	defer content.Close()
	mode := fs.FileMode(0o644)
	if e.mode == filemode.Executable {
		mode = 0o755
	}
	file, err := folder.OpenFile(path.Base(e.path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	n, err := io.Copy(file, content)
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes instead of %d", n, size)
	}
	return errors.Join(err, file.Close())
}

func writeLinks(root *os.Root, links []link) error {
	for _, l := range links {
		if err := root.Symlink(l.target, filepath.FromSlash(l.path)); err != nil {
			return err
		}
	}
	// A link over other links may lead out though its own words do not. A target
	// that is missing, or goes in a circle, leads nowhere.
	for _, l := range links {
		_, err := root.Stat(filepath.FromSlash(l.path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) && !errors.Is(err, syscall.ELOOP) {
			_ = root.Remove(filepath.FromSlash(l.path))
			return leadsOut(l.path, l.target)
		}
	}
	return nil
}
