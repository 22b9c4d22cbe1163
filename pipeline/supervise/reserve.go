package supervise

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/runpipe/runpipe/pipeline/record"
)

// reserve is a file that keeps room on the disk while the command runs: a command
// that fills the disk must not keep its job from writing down how it ended, nor
// one that ended well from publishing what it made. A job that finds no room for
// it does not run its command.
type reserve string

// What is kept of the reserve from when on, in bytes. What is given back before is
// for the mark that the command has ended, then for the store's record and list of
// the outputs; what is left is for the last record of the job.
const (
	onceEnded   = record.Room - 16<<10
	oncePublish = record.Room / 2
)

// newReserve takes the room, in a file at path.
func newReserve(path string) (reserve, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	err = unix.Fallocate(int(f.Fd()), 0, 0, record.Room)
	if errors.Is(err, unix.EOPNOTSUPP) { // as by NFS 3
		_, err = f.Write(make([]byte, record.Room))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(path)
		return "", fmt.Errorf("keeping %d KiB free in %s for the job's record: %w", record.Room>>10, path, err)
	}
	return reserve(path), nil
}

// shrink gives back all but so many bytes.
func (r reserve) shrink(to int64) {
	if r != "" {
		os.Truncate(string(r), to) // if it cannot be, who needs the room will tell
	}
}

// write makes the reserve the file at path, with v in it as indented JSON. It
// needs no room that is not taken yet.
func (r reserve) write(path string, v any) (err error) {
	if r == "" {
		return unix.ENOSPC
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(string(r), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	if err == nil {
		err = f.Truncate(int64(len(data)) + 1)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(string(r), path)
}

func (r reserve) remove() {
	if r != "" {
		os.Remove(string(r))
	}
}

// isFull reports whether an error says that there is no room, on the disk or in
// the user's share of it.
func isFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}
