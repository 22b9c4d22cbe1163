package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// whole is the size, in bytes, of the buffer that small files are read into at once.
const whole = 64 << 10

// stretch is how many bytes of a larger file are read at a time.
const stretch = 1 << 20

var (
	wholes    = sync.Pool{New: func() any { return new([whole]byte) }}
	stretches = sync.Pool{New: func() any { return new([stretch]byte) }}
)

// Sum reads a file, following symbolic links, and gives the sha256 of its bytes in hex,
// and their number. What is no file, such as a pipe, is an error and not waited for.
//
// Most files of a folder are small: such a one costs four system calls, open, fstat,
// read and close, where os.File takes three more.
func Sum(path string) (sum string, size int64, err error) {
	fd, err := openFile(path)
	if err != nil {
		return "", 0, err
	}
	defer unix.Close(fd)
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		return "", 0, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	switch info.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		return "", 0, fmt.Errorf("%s is a folder", path)
	default:
		return "", 0, fmt.Errorf("%s is neither a file nor a folder", path)
	}
	if info.Size < whole {
		buffer := wholes.Get().(*[whole]byte)
		defer wholes.Put(buffer)
		// Fewer bytes than there is room for, and as many as the file has: its end.
		n, err := read(fd, buffer[:])
		if err == nil && int64(n) == info.Size {
			digest := sha256.Sum256(buffer[:n])
			return hex.EncodeToString(digest[:]), info.Size, nil
		}
		if _, err := unix.Seek(fd, 0, io.SeekStart); err != nil {
			return "", 0, &os.PathError{Op: "seek", Path: path, Err: err}
		}
	}
	return restOf(fd, path)
}

// restOf reads to the end, a stretch at a time.
func restOf(fd int, path string) (string, int64, error) {
	buffer := stretches.Get().(*[stretch]byte)
	defer stretches.Put(buffer)
	digest, size := sha256.New(), int64(0)
	for {
		n, err := read(fd, buffer[:])
		if err != nil {
			return "", 0, &os.PathError{Op: "read", Path: path, Err: err}
		}
		if n == 0 {
			return hex.EncodeToString(digest.Sum(nil)), size, nil
		}
		digest.Write(buffer[:n])
		size += int64(n)
	}
}

// openFile does not wait for whoever should write into a pipe, and opens no terminal.
func openFile(path string) (int, error) {
	for {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
		if !errors.Is(err, unix.EINTR) {
			if err != nil {
				return -1, &os.PathError{Op: "open", Path: path, Err: err}
			}
			return fd, nil
		}
	}
}

func read(fd int, buffer []byte) (int, error) {
	for {
		n, err := unix.Read(fd, buffer)
		if !errors.Is(err, unix.EINTR) {
			return max(n, 0), err
		}
	}
}
