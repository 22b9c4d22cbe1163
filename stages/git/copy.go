package git

import (
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// copyCommit writes one pack with a commit and all the objects of its tree from
// the git directory from into the bare repository to. Nothing refers back: what
// happens to the first later does not matter to the second.
func copyCommit(ctx context.Context, from, to, commit string, tell Progress) (err error) {
	source, err := openStore(from)
	if err != nil {
		return err
	}
	defer source.close()
	ids, err := objectsOf(source, commit)
	if err != nil {
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			return incomplete(from, commit, err)
		}
		return err
	}
	target := filesystem.NewStorage(osfs.New(to), cache.NewObjectLRU(cacheSize))
	defer target.Close()
	pack, err := target.PackfileWriter()
	if err != nil {
		return fmt.Errorf("copying %s: %w", commit, err)
	}
	if err := writePack(ctx, pack, source, ids, tell); err != nil {
		_ = pack.Close() // the folder is thrown away
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			return incomplete(from, commit, err)
		}
		return fmt.Errorf("copying %s: %w", commit, err)
	}
	if err := pack.Close(); err != nil {
		return fmt.Errorf("copying %s: %w", commit, err)
	}
	return nil
}

func incomplete(from, commit string, err error) *Fault {
	return fault(ErrGone, "Commit not in the repository", fmt.Sprintf(
		"%s does not hold all of commit %s (%v): it was rewritten away, or the repository is a partial clone. Pin another commit with lock --upgrade, or fetch this one there.", from, commit, err))
}

// objectsOf lists a commit, its trees and its files, each once.
func objectsOf(s *store, commit string) ([]plumbing.Hash, error) {
	c, err := s.commit(commit)
	if err != nil {
		return nil, err
	}
	ids := []plumbing.Hash{c.Hash}
	seen := map[plumbing.Hash]bool{}
	var walk func(tree plumbing.Hash) error
	walk = func(tree plumbing.Hash) error {
		if seen[tree] {
			return nil
		}
		seen[tree] = true
		ids = append(ids, tree)
		entries, err := s.tree(tree)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			switch {
			case entry.Mode == filemode.Submodule: // in another repository
			case entry.Mode == filemode.Dir:
				if err := walk(entry.Hash); err != nil {
					return err
				}
			case !seen[entry.Hash]:
				seen[entry.Hash] = true
				ids = append(ids, entry.Hash)
			}
		}
		return nil
	}
	return ids, walk(c.TreeHash)
}

// writePack writes a pack without deltas (gitformat-pack(5)): it is read once or
// twice, on this machine, and compressing it well would take longer than it saves.
func writePack(ctx context.Context, w io.Writer, s *store, ids []plumbing.Hash, tell Progress) error {
	sum := sha1.New()
	out := io.MultiWriter(w, sum)
	header := append([]byte("PACK"), 0, 0, 0, 2)
	if _, err := out.Write(binary.BigEndian.AppendUint32(header, uint32(len(ids)))); err != nil {
		return err
	}
	squeeze, err := zlib.NewWriterLevel(out, zlib.BestSpeed)
	if err != nil {
		return err
	}
	for i, id := range ids {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := writeObject(out, squeeze, s, id); err != nil {
			return fmt.Errorf("object %s: %w", id, err)
		}
		if i%64 == 0 || i == len(ids)-1 {
			tell.report("Copying objects", int64(i+1), int64(len(ids)))
		}
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

func writeObject(out io.Writer, squeeze *zlib.Writer, s *store, id plumbing.Hash) error {
	found, err := s.object(plumbing.AnyObject, id)
	if err != nil {
		return err
	}
	if _, err := out.Write(packHeader(found.Type(), found.Size())); err != nil {
		return err
	}
	content, err := found.Reader()
	if err != nil {
		return err
	}
	defer content.Close()
	squeeze.Reset(out)
	n, err := io.Copy(squeeze, content)
	if err != nil {
		return err
	}
	if n != found.Size() {
		return fmt.Errorf("%d bytes instead of %d", n, found.Size())
	}
	return squeeze.Close()
}

// packHeader is an object's type and size: three bits of type, then the size in
// little groups, four bits first and seven thereafter.
func packHeader(t plumbing.ObjectType, size int64) []byte {
	b := byte(t)<<4 | byte(size&15)
	size >>= 4
	var header []byte
	for size > 0 {
		header = append(header, b|0x80)
		b = byte(size & 0x7f)
		size >>= 7
	}
	return append(header, b)
}
