package git

import (
	"bufio"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
)

// packWriter writes a pack without deltas and its index (gitformat-pack(5)). It is
// read once or twice, on this machine: to compress it well would take longer than
// it saves. go-git's own writer reads all of it again to make the index.
type packWriter struct {
	out     *bufio.Writer
	sum     hash.Hash   // of the pack
	crc     hash.Hash32 // of the current object
	offset  uint64
	squeeze *zlib.Writer
	index   idxfile.Writer
}

// writePack writes the objects of s to a pack in the folder dir.
func writePack(ctx context.Context, dir string, s *store, ids []plumbing.Hash, tell Progress) (err error) {
	file, err := os.CreateTemp(dir, "tmp_pack_")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer func() { err = errors.Join(err, file.Close()) }()
	w := &packWriter{out: bufio.NewWriterSize(file, 1<<16), sum: sha1.New(), crc: crc32.NewIEEE()}
	if w.squeeze, err = zlib.NewWriterLevel(w, zlib.BestSpeed); err != nil {
		return err
	}
	if err := w.index.OnHeader(uint32(len(ids))); err != nil {
		return err
	}
	header := append([]byte("PACK"), 0, 0, 0, 2)
	if _, err := w.Write(binary.BigEndian.AppendUint32(header, uint32(len(ids)))); err != nil {
		return err
	}
	for i, id := range ids {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := w.add(s, id); err != nil {
			return fmt.Errorf("object %s: %w", id, err)
		}
		if i%64 == 0 || i == len(ids)-1 {
			tell.report("Copying objects", int64(i+1), int64(len(ids)))
		}
	}
	return w.finish(file.Name(), dir)
}

// Write passes on what a pack's checksums are over.
func (w *packWriter) Write(p []byte) (int, error) {
	w.sum.Write(p)
	w.crc.Write(p)
	n, err := w.out.Write(p)
	w.offset += uint64(n)
	return n, err
}

// add writes one object, and checks on the way that it is what its id says.
func (w *packWriter) add(s *store, id plumbing.Hash) error {
	found, err := s.object(plumbing.AnyObject, id)
	if err != nil {
		return err
	}
	content, err := found.Reader()
	if err != nil {
		return err
	}
	defer content.Close()
	start := w.offset
	w.crc.Reset()
	if _, err := w.Write(packHeader(found.Type(), found.Size())); err != nil {
		return err
	}
	check := sha1.New()
	fmt.Fprintf(check, "%s %d\x00", found.Type(), found.Size())
	w.squeeze.Reset(w)
	if _, err := io.Copy(io.MultiWriter(w.squeeze, check), content); err != nil {
		return err
	}
	if plumbing.Hash(check.Sum(nil)) != id {
		return errors.New("it is damaged: its content has another id (git fsck tells more)")
	}
	if err := w.squeeze.Close(); err != nil {
		return err
	}
	w.index.Add(id, start, w.crc.Sum32())
	return nil
}

// finish ends the pack, writes the index and gives both their names.
func (w *packWriter) finish(temporary, dir string) error {
	sum := plumbing.Hash(w.sum.Sum(nil))
	if _, err := w.out.Write(sum[:]); err != nil {
		return err
	}
	if err := w.out.Flush(); err != nil {
		return err
	}
	if err := w.index.OnFooter(sum); err != nil {
		return err
	}
	index, err := w.index.Index()
	if err != nil {
		return err
	}
	name := filepath.Join(dir, "pack-"+sum.String())
	file, err := os.Create(name + ".idx")
	if err != nil {
		return err
	}
	_, err = idxfile.NewEncoder(file).Encode(index)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(temporary, name+".pack")
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
